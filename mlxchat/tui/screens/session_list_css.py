"""Where the parts of the list of sessions stand."""

CSS = """
SessionList {
    & > #box { width: 96%; max-width: 140; height: 90%; }
    #session-search { border: none; height: 1; padding: 0; margin-bottom: 1; background: $surface; }
    #session-filters {
        height: 1;
        margin-bottom: 1;
        color: $text-muted;
        link-color: $text-muted;
        link-style: none;
        link-color-hover: $foreground;
        link-background-hover: $surface;
    }
    #session-problem { display: none; height: auto; color: $text-warning; margin-bottom: 1; }
    &.-problem #session-problem { display: block; }
    #session-body { height: 1fr; }
    LineList { width: 3fr; height: 1fr; }
    VerticalScroll {
        width: 2fr;
        height: 1fr;
        padding: 0 1 0 2;
        border-left: solid $border-blurred;
        scrollbar-size-vertical: 1;
        &:focus { border-left: solid $border; }
    }
    #session-preview { height: auto; }
    KeyLines, NameField { margin-top: 1; }

    &.-narrow {
        & > #box { width: 100%; height: 100%; max-height: 100%; }
        #session-body { layout: vertical; }
        LineList { width: 100%; height: 3fr; }
        VerticalScroll {
            width: 100%;
            height: 2fr;
            padding: 0 1;
            border: none;
            border-top: solid $border-blurred;
            &:focus { border-top: solid $border; }
        }
    }
    &.-low {
        VerticalScroll { display: none; }
        #session-search, #session-filters, #session-problem { margin: 0; }
        KeyLines, NameField { margin: 0; }
    }
}
"""
