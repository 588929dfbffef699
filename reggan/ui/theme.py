"""Colours, fonts and layout of the page. System fonts only: the page loads nothing from elsewhere."""

import gradio as gr

_FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "'Segoe UI'", "Roboto", "'Noto Sans'", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue="indigo", neutral_hue="slate", font=_FONTS, font_mono=_MONO, radius_size="lg"
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_title_text_weight="600",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        checkbox_label_background_fill="*neutral_50",
        checkbox_label_background_fill_dark="*neutral_800",
        checkbox_label_background_fill_hover="*primary_50",
        checkbox_label_background_fill_hover_dark="*neutral_700",
        checkbox_label_background_fill_selected="*primary_600",
        checkbox_label_background_fill_selected_dark="*primary_600",
        checkbox_label_text_color_selected="white",
        checkbox_label_border_color="*neutral_200",
        checkbox_label_border_color_dark="*neutral_700",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        slider_color="*primary_600",
    )


CSS = """
/* Some systems have these signs in their text font too, in outline. Only fonts of the visitor's machine. */
@font-face { font-family: "Emoji in colour"; unicode-range: U+1F600-1F64F, U+1F900-1F9FF;
  src: local("Apple Color Emoji"), local("Segoe UI Emoji"), local("Noto Color Emoji"); }

.gradio-container { width: 100%; max-width: 1320px !important; margin: 0 auto !important; }
.gradio-container .main.fillable { padding: 16px clamp(12px, 3vw, 32px) !important; }
.gradio-container main { width: 100%; }
footer { gap: 12px; }
footer .divider { display: none; }
#title h1 { font-size: 1.75rem; margin: 0; letter-spacing: -0.02em; }
#title p { margin: 0.15rem 0 0; color: var(--body-text-color-subdued); }
#note .html-container, #words .html-container, #stages .html-container { padding: 0; }

/* Upload: a low strip that grows for the webcam. */
#upload [data-testid="upload-text"] { min-height: 0; padding: 0.9rem 0.5rem; font-size: 0.95rem; gap: 0.2rem; }
#upload [data-testid="upload-text"] .icon-wrap { width: 26px; margin: 0; }
#upload .upload-container > button { min-height: 0; }
#upload .source-selection { padding: 4px 0; }
#upload .source-selection .icon { width: 34px; height: 34px; padding: 7px; }
#upload img { max-height: 130px; object-fit: contain; }

/* The picture that is pointed at. */
#view img { cursor: pointer; width: 100%; max-height: 460px; object-fit: contain; }
#view.marking img { cursor: crosshair; }

.status { margin: 0; padding: 0.5rem 0.8rem; border-radius: 10px; font-size: 0.95rem; line-height: 1.4;
  background: var(--primary-50); color: var(--primary-900); border: 1px solid var(--primary-200); }
.status + .status { margin-top: 8px; }
.status.problem { background: #fef2f2; border-color: #fca5a5; color: #7f1d1d; }
.status.action { background: #fffbeb; border-color: #fcd34d; color: #78350f; }
.dark .status { background: #1e1b4b; border-color: #3730a3; color: #e0e7ff; }
.dark .status.problem { background: #450a0a; border-color: #b91c1c; color: #fecaca; }
.dark .status.action { background: #451a03; border-color: #b45309; color: #fde68a; }

/* Expressions: chips without the radio dots. */
.chips > .wrap:not([data-testid]) { display: grid; gap: 8px;
  grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); }
.chips label { justify-content: center; padding: 9px 8px; cursor: pointer; }
.chips label span { margin: 0 !important; white-space: nowrap; }
.chips input { position: absolute; opacity: 0; width: 0 !important; height: 0 !important; margin: 0 !important; }
.chips label:has(input:focus-visible) { outline: 2px solid var(--primary-500); outline-offset: 2px; }
.chips.wide > .wrap:not([data-testid]) { grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); }
#faces > .wrap:not([data-testid]) { grid-template-columns: repeat(auto-fit, minmax(66px, 1fr)); gap: 6px; }
#faces label { padding: 8px 2px; font-size: 0.9rem; }
#basic label span { font-family: "Emoji in colour", var(--font); }

/* The three stages. */
#stages { flex-wrap: nowrap; gap: 12px; }
#stages > .column { min-width: 0 !important; gap: 6px; }
#stages .block { padding: 0; min-width: 0 !important; }
#stages .image-container, #stages .image-frame { aspect-ratio: 1; height: auto !important; }
#stages img { width: 100%; aspect-ratio: 1; object-fit: cover; }
#stages .empty { min-height: 0; height: auto !important; aspect-ratio: 1; }
.cap { margin: 0; line-height: 1.4; font-weight: 600; font-size: 0.95rem; color: var(--body-text-color);
  white-space: nowrap; }
.caption + .cap { margin-top: 14px; }
.caption { margin: 0; color: var(--body-text-color-subdued); font-size: 0.95rem; }
.caption::first-letter { text-transform: uppercase; }
#composite img { max-height: 640px; object-fit: contain; }
#about { max-width: 46rem; padding: 0.5rem 0 1rem; }

.examples .gallery { gap: 8px; }
.examples .gallery-item img, .examples .gallery-item .container { width: 72px; height: 72px; object-fit: cover; }

@media (min-width: 1000px) { #left { position: sticky; top: 12px; align-self: flex-start; } }

@media (max-width: 640px) {
  .chips > .wrap:not([data-testid]) { grid-template-columns: repeat(3, 1fr); gap: 6px; }
  .chips.wide > .wrap:not([data-testid]) { grid-template-columns: repeat(2, 1fr); }
  .chips label { padding: 9px 2px; font-size: 0.88rem; }
  .chips.wide label span { white-space: normal; text-align: center; }
  #stages { gap: 6px; }
  .cap { font-size: 0.78rem; }
  #stages .cap { font-size: 0.74rem; letter-spacing: -0.01em; }
  #view img { max-height: 380px; }
}
"""
