/** How the page looks: on screens from 390 px on, light and dark, and on A4 paper. Every colour has a contrast of 4.5 or more. */
import { type Html, html } from './html-template.ts';

export const STYLES: Html = html`<style>
:root {
  color-scheme: light dark;
  --page: #ffffff; --soft: #f3f5f7; --line: #c9d0d8; --text: #17202b; --dim: #4b5866; --link: #0b57a4;
  --good: #0f6b3a; --good-soft: #e2f3e9; --bad: #a11b1b; --bad-soft: #fbe6e6; --open: #7a4d00; --open-soft: #fdf0d5;
  --c0: #3b6fb6; --c1: #c2682a; --c2: #4d8f3c; --c3: #a14a8c; --c4: #8a7a1f; --c5: #2f8f93; --c6: #b34343; --c7: #6b62b5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12171d; --soft: #1c232b; --line: #3a4550; --text: #e8edf2; --dim: #a9b5c1; --link: #8cc2ff;
    --good: #7fdca5; --good-soft: #12311f; --bad: #ff9d9d; --bad-soft: #3d1717; --open: #f3c26b; --open-soft: #352708;
    --c0: #6f9fe0; --c1: #e2955f; --c2: #7fbf6c; --c3: #cf83bd; --c4: #c2b04e; --c5: #62c0c4; --c6: #e07f7f; --c7: #a199e6;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--page); color: var(--text); overflow-wrap: anywhere; }
h1 { font-size: 1.15rem; margin: 0; color: var(--dim); font-weight: 600; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--line); break-after: avoid; }
p { margin: .5rem 0; max-width: 48rem; }
.badge { display: inline-block; margin: .75rem 0 0; padding: .2rem .75rem; border: 1px solid; border-radius: 1rem; font-weight: 700; }
.good { color: var(--good); background: var(--good-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.open { color: var(--open); background: var(--open-soft); }
.sentence { font-size: 1.3rem; line-height: 1.4; margin: .75rem 0 1.25rem; max-width: none; }
.note { padding: .5rem .75rem; border-left: 4px solid var(--open); background: var(--open-soft); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
code { padding: 0 .2em; background: var(--soft); border-radius: 3px; white-space: pre-wrap; }
pre { margin: 0; padding: .75rem; background: var(--soft); border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; }
mark { background: var(--open-soft); color: inherit; font-weight: 700; }
figure { margin: 1rem 0; }
figcaption, caption { text-align: left; color: var(--dim); font-size: .9rem; font-weight: 600; padding-bottom: .35rem; break-after: avoid; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; list-style: none; margin: 0; padding: 0; }
.figures li { display: flex; flex-direction: column; padding: .75rem; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; break-inside: avoid; }
.value { font-size: 1.5rem; font-weight: 700; line-height: 1.2; }
.note-line { color: var(--dim); font-size: .9rem; margin-top: .25rem; }
nav ol { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1.25rem 0 0; padding: 0; font-size: .9rem; }
a { color: var(--link); }
dl { margin: .75rem 0; }
dl > div { display: grid; grid-template-columns: 15rem 1fr; gap: 0 1rem; padding: .35rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
dt { color: var(--dim); font-weight: 600; }
dd { margin: 0; min-width: 0; }
table { width: 100%; border-collapse: collapse; margin: 1rem 0; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--dim); }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.short { white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
.number { text-align: right; }
.quoted code { display: block; margin-top: .15rem; padding: 0 .4em; border-left: 3px solid var(--line); border-radius: 0; }
.added { color: var(--good); background: var(--good-soft); }
.removed { color: var(--bad); background: var(--bad-soft); }
.head { color: var(--dim); }
.phases svg { display: block; width: 100%; height: 28px; }
.phases ol { display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; list-style: none; margin: .5rem 0 0; padding: 0; font-size: .9rem; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
.c0 { fill: var(--c0); background: var(--c0); } .c1 { fill: var(--c1); background: var(--c1); }
.c2 { fill: var(--c2); background: var(--c2); } .c3 { fill: var(--c3); background: var(--c3); }
.c4 { fill: var(--c4); background: var(--c4); } .c5 { fill: var(--c5); background: var(--c5); }
.c6 { fill: var(--c6); background: var(--c6); } .c7 { fill: var(--c7); background: var(--c7); }
summary { cursor: pointer; font-weight: 600; }
.record pre { margin-top: .5rem; font-size: .8rem; }
@media (max-width: 40rem) {
  dl > div { grid-template-columns: 1fr; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, caption, tbody, tr, td { display: block; width: 100%; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td, td.short { position: relative; min-height: 1.5em; border: 0; padding: .1rem 0 .1rem 6.5rem; text-align: left; white-space: normal; }
  td::before { content: attr(data-column); position: absolute; left: 0; width: 6rem; color: var(--dim); font-weight: 600; }
  .sentence { font-size: 1.15rem; }
}
@media print {
  @page { size: A4; margin: 15mm; }
  :root { color-scheme: light; --page: #ffffff; --soft: #f3f5f7; --line: #c9d0d8; --text: #17202b; --dim: #4b5866;
    --good: #0f6b3a; --good-soft: #e2f3e9; --bad: #a11b1b; --bad-soft: #fbe6e6; --open: #7a4d00; --open-soft: #fdf0d5;
    --c0: #3b6fb6; --c1: #c2682a; --c2: #4d8f3c; --c3: #a14a8c; --c4: #8a7a1f; --c5: #2f8f93; --c6: #b34343; --c7: #6b62b5; }
  html { font-size: 11px; }
  body { padding: 0; max-width: none; }
  * { print-color-adjust: exact; }
  nav, .record { display: none; }
  p, pre { orphans: 3; widows: 3; }
}
</style>`;
