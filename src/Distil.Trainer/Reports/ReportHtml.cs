using System.Globalization;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;
using Distil.Trainer.Reports.Sections;

namespace Distil.Trainer.Reports;

/// <summary>Renders a run's report as one page that needs no other file, no script and no network, in light and dark.</summary>
public static class ReportHtml
{
    /// <summary>Renders the page.</summary>
    /// <param name="report">Must have at least one epoch.</param>
    public static string Render(RunReport report)
    {
        if (report.Epochs.Count == 0)
        {
            throw new ArgumentException($"the report of {report.RunId} has no epoch to show", nameof(report));
        }

        return Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{report.RunId} – Distil report</title>
            <style>
            {new Html(Style.Sheet)}</style>
            </head>
            <body>
            <header><p class="kind">Distil report</p><h1>{report.RunId}</h1>
            <p class="note">{report.CreatedAt.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)} UTC · {report.Machine.Device}</p>
            <nav aria-label="Sections">{Contents(report)}</nav></header>
            <main>
            {Verdict.Of(report)}{Usage.Of(report)}{Epochs.Of(report)}{Experts.Of(report)}{Parts.Of(report)}{Tasks.Of(report)}{Recall.Of(report)}{Samples.Of(report)}{Curves.Of(report)}{Speed.Of(report)}{Forms.Of(report)}{
                Storage.Of(report)}{WhatWasRun.Of(report)}{Circumstances.Of(report)}</main>
            </body>
            </html>

            """).Markup;
    }

    private static IEnumerable<Html> Contents(RunReport report) =>
        from section in new[]
        {
            ("result", "Result"), ("use", "Using the model"), ("epochs", "Epochs"), ("experts", "Merged from"), ("parts", "Parts and controls"), ("tasks", "Tasks"), ("recall", "Recall"), ("samples", "Continuations"), ("curves", "Curves"),
            ("speed", "Speed"), ("forms", "Forms of the weights"), ("storage", "Storage"), ("run", "What was run"), ("time", "Time"), ("files", "Files"), ("machine", "Machine"),
        }
        where section.Item1 switch
        {
            "experts" => report.Experts is not null,
            "curves" => report.Experts is null,
            "parts" => Parts.Exist(report),
            "tasks" => report.Epochs[^1].Distilled.Tasks is not null,
            "recall" => report.Epochs[^1].Distilled.Recall is not null,
            "forms" => report.Forms is not null,
            "samples" => report.Samples.Count > 0,
            _ => true,
        }
        select Html.Of($"<a href=\"#{section.Item1}\">{section.Item2}</a>\n");
}
