"""The one declaration of parameters, settings made of them, presets."""
