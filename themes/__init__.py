"""The palettes that mlxchat ships, one TOML file each; mlxchat.theme_files reads them."""
