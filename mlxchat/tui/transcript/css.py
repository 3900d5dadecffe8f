"""The looks of a transcript; colours come from the theme's variables."""

from __future__ import annotations

from mlxchat.tui.widgets.token_levels import level_css

CSS = """
Transcript {
    height: 1fr;
    padding-left: 1;
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
    scrollbar-background: $background;
    scrollbar-background-hover: $background;
    scrollbar-background-active: $background;

    &:focus { scrollbar-color: $border; }

    & > .transcript--edge { color: $border; }

    & > .transcript--user { background: $surface; }
    & > .transcript--user-name { color: $user-mark; text-style: bold; }
    & > .transcript--name { color: $assistant-mark; text-style: bold; }
    & > .transcript--label, & > .transcript--branch { color: $text-muted; }
    & > .transcript--footer { color: $text-muted; }
    & > .transcript--status { color: $text-muted; text-style: italic; }
    & > .transcript--mark-user { color: $user-mark; }
    & > .transcript--mark-assistant { color: $assistant-mark; }
    & > .transcript--mark-information, & > .transcript--notice-information { color: $text-muted; }
    & > .transcript--mark-warning { color: $text-warning; text-style: bold; }
    & > .transcript--notice-warning { color: $text-warning; }
    & > .transcript--mark-error { color: $text-error; text-style: bold; }
    & > .transcript--notice-error { color: $text-error; }

    & > .transcript--mark-change { color: $accent; text-style: bold; }
    & > .transcript--change { color: $accent; text-style: italic; }

    & > .transcript--mark-picked { color: $accent; text-style: bold; }
    & > .transcript--dimmed { color: $text-muted; text-style: italic; }
    & > .transcript--rating-good { color: $text-success; text-style: bold; }
    & > .transcript--rating-bad { color: $text-error; text-style: bold; }
    & > .transcript--note { color: $text-muted; text-style: italic; }

    & > .transcript--mark-differs { color: $accent; text-style: bold; }
    & > .transcript--differs { color: $accent; text-style: bold underline; }
    & > .transcript--own { text-style: underline; }

    & > .transcript--token-cursor { color: $background; background: $accent; text-style: bold; }

    & > .transcript--heading1 { color: $heading; text-style: bold underline; }
    & > .transcript--heading2, & > .transcript--heading3 { color: $heading; text-style: bold; }
    & > .transcript--heading4, & > .transcript--heading5 { color: $heading; text-style: italic; }
    & > .transcript--heading6 { color: $heading; text-style: italic; }
    & > .transcript--strong { text-style: bold; }
    & > .transcript--emphasis { text-style: italic; }
    & > .transcript--strike { text-style: strike; }
    & > .transcript--link { color: $link; text-style: underline; }
    & > .transcript--link-url { color: $text-muted; }
    & > .transcript--image { color: $link; text-style: italic; }
    & > .transcript--html { color: $text-muted; }
    & > .transcript--quote { color: $quote; }
    & > .transcript--quote-bar { color: $text-muted; }
    & > .transcript--rule { color: $text-muted; }
    & > .transcript--list-marker { color: $assistant-mark; }
    & > .transcript--task-done { color: $text-success; }
    & > .transcript--task-open { color: $text-muted; }
    & > .transcript--table-border { color: $text-muted; }
    & > .transcript--table-header { color: $heading; text-style: bold; }
    & > .transcript--reasoning { color: $reasoning; }
    & > .transcript--reasoning-header { color: $reasoning; text-style: bold; }

    & > .transcript--code { background: $surface; }
    & > .transcript--code-inline { color: $code-string; background: $surface; }
    & > .transcript--code-language { color: $text-muted; background: $surface; }
    & > .transcript--code-keyword { color: $code-keyword; }
    & > .transcript--code-name-builtin { color: $code-type; }
    & > .transcript--code-name-tag { color: $code-keyword; }
    & > .transcript--code-name-attribute { color: $code-function; }
    & > .transcript--code-name-function { color: $code-function; }
    & > .transcript--code-name-decorator { color: $code-function; }
    & > .transcript--code-name-class { color: $code-type; text-style: bold; }
    & > .transcript--code-type { color: $code-type; }
    & > .transcript--code-string { color: $code-string; }
    & > .transcript--code-escape { color: $code-number; }
    & > .transcript--code-number { color: $code-number; }
    & > .transcript--code-operator { color: $code-operator; }
    & > .transcript--code-punctuation { color: $code-operator; }
    & > .transcript--code-comment { color: $code-comment; text-style: italic; }
    & > .transcript--code-heading { color: $heading; text-style: bold; }
    & > .transcript--code-inserted { color: $text-success; }
    & > .transcript--code-deleted { color: $text-error; }
    & > .transcript--code-error { color: $text-error; }

    & > .transcript--hint { background: $assistant-mark; color: $background; text-style: bold; }
    & > .transcript--placeholder { color: $text-muted; }
}
""" + level_css("Transcript", "transcript--token")
