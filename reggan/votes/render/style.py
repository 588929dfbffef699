"""The look of results, on the page and in the report. Every rule is below `.results`, so nothing else changes.

Colours of text, lines and cards are the page's variables, by Gradio's names; the report defines them itself.
"""

DARK = "--accent: #a5b4fc; --for: 129 140 248; --against: 217 119 6; --tie: 100 116 139;"
CSS = """
.results { container-type: inline-size; --ink: var(--body-text-color); --soft: var(--body-text-color-subdued);
  --line: var(--border-color-primary); --card: var(--block-background-fill);
  --accent: #4f46e5; --for: 99 102 241; --against: 234 140 30; --tie: 148 163 184;
  color: var(--ink); line-height: 1.5; font-variant-numeric: tabular-nums; }
.results h2 { margin: 1.4rem 0 0.1rem; font-size: 1.3rem; font-weight: 650; color: var(--ink);
  letter-spacing: -0.01em; }
.results h2 span { font-size: 1rem; font-weight: 400; letter-spacing: 0; color: var(--soft); margin-left: 0.4rem; }
.results h3 { margin: 1.4rem 0 0.4rem; font-size: 1rem; font-weight: 650; color: var(--ink); }
.results p { margin: 0.3rem 0; max-width: 56rem; color: var(--ink); }
.results .facts { color: var(--soft); font-size: 0.92rem; }
.results .lead { font-size: 1.08rem; margin: 0.7rem 0 1rem; }
.results b { font-weight: 650; }
.results .note { padding: 0.4rem 0.8rem; margin: 0.5rem 0; border-radius: 8px; font-size: 0.92rem;
  background: rgb(var(--against) / 0.13); border-left: 3px solid rgb(var(--against)); }
.results small { color: var(--soft); font-size: 0.86em; }
.results .small { font-size: 0.86rem; color: var(--soft); margin: 0.4rem 0 1.2rem; }
.results .key { display: inline-flex; gap: 6px; align-items: center; margin-right: 16px; }
.results .key i { width: 12px; height: 12px; border-radius: 3px; }

.results .plots { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; margin: 0.8rem 0; }
.results figure { margin: 0; padding: 12px 16px 6px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); min-width: 0; }
.results figcaption { font-weight: 650; font-size: 0.95rem; margin-bottom: 4px; color: var(--ink); }
.results figcaption span { font-weight: 400; color: var(--soft); margin-left: 0.3rem; }
.results .rows { display: grid; grid-template-columns: fit-content(9rem) minmax(0, 1fr) auto; grid-auto-flow: dense;
  column-gap: 14px; align-items: center; }
.results .name { overflow-wrap: anywhere; line-height: 1.2; font-size: 0.95rem; }
.results .number { grid-column: 3; text-align: right; font-size: 0.95rem; white-space: nowrap; }
.results svg { grid-column: 2; display: block; width: 100%; height: 36px; }
.results svg.axis { height: 22px; overflow: visible; }
.results svg .grid { stroke: var(--line); stroke-width: 1; }
.results svg .zero { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 3 3; }
.results svg .bar { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
.results svg .dot { fill: var(--accent); stroke: var(--card); stroke-width: 2; }
.results svg text { fill: var(--soft); font-size: 12px; text-anchor: middle; }

.results .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.results .scroll.matrix { width: fit-content; max-width: 100%; margin-top: 14px; }
.results table { width: 100%; border-collapse: collapse; margin: 0; font-size: 0.95rem; color: var(--ink); }
.results th, .results td { padding: 8px 14px; text-align: right; border: none; border-top: 1px solid var(--line);
  white-space: nowrap; background: none; vertical-align: middle; }
.results thead th { border-top: none; font-weight: 600; font-size: 0.86rem; color: var(--soft);
  vertical-align: bottom; }
.results tr th:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
.results tbody th { font-weight: 600; max-width: 14rem; white-space: normal; overflow-wrap: break-word; }
.results td small { display: block; line-height: 1.25; }
.results .shares { display: flex; width: 150px; height: 12px; margin: 4px 0 3px auto; border-radius: 4px;
  overflow: hidden; }
.results .shares i { display: block; height: 100%; }
.results .matrix td { min-width: 5.5rem; padding: 0; text-align: center; }
.results .matrix thead th:not(:first-child) { text-align: center; }
.results .tint { display: block; padding: 7px 12px; }
.results .tint small { color: inherit; }

@container (min-width: 940px) { .results .plots { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@container (max-width: 560px) {
  .results h2 span { display: block; margin: 0; font-size: 0.95rem; }
  .results figure { padding: 10px 12px 4px; }
  .results .rows { grid-template-columns: minmax(0, 1fr) auto; }
  .results .number { grid-column: 2; }
  .results svg { grid-column: 1 / -1; height: 26px; }
  .results table { font-size: 0.88rem; }
  .results th, .results td { padding: 7px 9px; }
  .results tbody th { max-width: 7rem; }
  .results thead th { font-size: 0.82rem; }
}
"""
