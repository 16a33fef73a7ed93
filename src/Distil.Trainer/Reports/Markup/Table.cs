namespace Distil.Trainer.Reports.Markup;

/// <summary>A table with a caption; on a narrow screen it scrolls horizontally.</summary>
/// <param name="Caption">A description of the content.</param>
/// <param name="Columns">Headings; the first column contains row names and is left-aligned, the others contain numbers and are right-aligned.</param>
internal sealed record Table(string Caption, params IReadOnlyList<string> Columns)
{
    /// <value>Rows of as many cells as there are columns.</value>
    public required IEnumerable<IReadOnlyList<string>> Rows { get; init; }

    /// <value>Cells with the best value of their column, by row and column from 0.</value>
    public IReadOnlySet<(int Row, int Column)> Best { get; init; } = new HashSet<(int, int)>();

    /// <summary>The table's markup.</summary>
    public Html ToHtml() => Html.Of($"""
        <div class="scroll" tabindex="0" role="region" aria-label="{Caption}"><table>
        <caption>{Caption}</caption>
        <thead><tr>{Columns.Select(column => column.Length == 0 ? Html.Of($"<td></td>") : Html.Of($"<th scope=\"col\">{column}</th>"))}</tr></thead>
        <tbody>
        {Rows.Select((row, r) => Html.Of($"<tr><th scope=\"row\">{row[0]}</th>{row.Skip(1).Select((cell, c) => Cell(cell, (r, c + 1)))}</tr>\n"))}</tbody>
        </table></div>

        """);

    private Html Cell(string text, (int Row, int Column) at) =>
        Best.Contains(at) ? Html.Of($"<td class=\"best\">{text} <span title=\"best\">★</span></td>") : Html.Of($"<td>{text}</td>");
}

/// <summary>A list of names and values, one per line.</summary>
internal static class Facts
{
    /// <summary>The list's markup.</summary>
    public static Html Of(IEnumerable<(string Name, string Value)> facts) => Html.Of($"""
        <dl>
        {facts.Select(fact => Html.Of($"<div><dt>{fact.Name}</dt><dd>{fact.Value}</dd></div>\n"))}</dl>

        """);
}
