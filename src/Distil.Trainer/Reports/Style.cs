using Distil.Trainer.Reports.Charts;

namespace Distil.Trainer.Reports;

/// <summary>The page's style sheet.</summary>
internal static class Style
{
    /// <value>Colours as variables, twice: for light and dark pages.</value>
    public static string Sheet { get; } = """
        :root {
          color-scheme: light dark;
          --page: #fbfbfa; --panel: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #dcdfe3;
          --student: #0b5fc0; --student-without-teacher: #b3541e; --teacher: #2f7d4f;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #15181c; --panel: #1d2126; --ink: #e8eaed; --soft: #a3abb5; --line: #3a4048;
            --student: #6db3ff; --student-without-teacher: #f2a265; --teacher: #74cf97;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
        h1, h2, h3, h4, p, dl, figure { margin: 0; }
        h1 { font-size: 1.7rem; line-height: 1.25; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
        h3 { font-size: 1rem; margin-bottom: .35rem; }
        h4 { font-size: .85rem; color: var(--soft); }
        .kind, .note { color: var(--soft); font-size: .875rem; }
        .lead { font-size: 1.1rem; max-width: 48rem; margin-bottom: 1rem; }
        section > .note, .scroll + .note { max-width: 48rem; margin: .5rem 0 1.25rem; }
        nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: .75rem; font-size: .9rem; }
        a { color: var(--student); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12rem, 45%), 1fr)); gap: .75rem; }
        .card, figure, .sample, .columns > div { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
        .card h3 { font-size: .875rem; font-weight: 500; color: var(--soft); margin: 0; }
        .figure { font-size: 1.8rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
        .error { display: inline-block; white-space: nowrap; font-size: .65em; font-weight: 500; color: var(--soft); }
        .scroll { overflow-x: auto; margin-bottom: 1.25rem; }
        table { min-width: min(100%, 22rem); border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
        caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
        th, td { padding: .35rem 0 .35rem 1.2rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: bottom; }
        td { white-space: nowrap; }
        .best { font-weight: 600; color: var(--teacher); }
        thead th { font-size: .85rem; font-weight: 500; color: var(--soft); min-width: 5.5rem; }
        th:first-child { white-space: nowrap; text-align: left; padding-left: 0; font-weight: 500; }
        .charts, .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: .75rem; }
        .charts > figure { max-width: 32rem; }
        .charts + .scroll { margin-top: 1.5rem; }
        figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; margin-bottom: .4rem; }
        figcaption strong { flex-basis: 100%; }
        .key { font-size: .85rem; color: var(--soft); white-space: nowrap; }
        .key svg { margin-right: .4rem; vertical-align: middle; }
        figure > .chart { display: block; width: 100%; height: auto; }
        .chart text { fill: var(--soft); font: 12.5px system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
        @media (max-width: 30rem) { .chart text { font-size: 16px; } .card { padding: .6rem .75rem; } }
        .sample { margin-bottom: .75rem; }
        .text { white-space: pre-wrap; }
        .prompt { border-left: 3px solid var(--line); padding-left: .75rem; margin-bottom: .75rem; }
        .continuations { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: .75rem 1.5rem; }
        .continuations .text { font-size: .925rem; }
        dl > div { display: grid; grid-template-columns: minmax(8rem, 11rem) 1fr; gap: 0 1rem; padding: .2rem 0; font-size: .925rem; }
        dt { color: var(--soft); }
        dd { margin: 0; }
        details { margin-top: .75rem; }
        summary { cursor: pointer; }
        pre { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
          font-size: .8rem; line-height: 1.4; }
        @media print { nav, summary { display: none; } figure, .card, .sample { break-inside: avoid; } }

        """ + Paint.StyleSheet;
}
