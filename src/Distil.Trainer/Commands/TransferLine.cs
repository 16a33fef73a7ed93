using System.Globalization;
using Distil.Core.Http;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Commands;

/// <summary>Shows the files that a command fetches, one line per file; on a terminal the line is updated.</summary>
/// <param name="to">The output.</param>
/// <param name="rewrites">Whether a line can be overwritten; otherwise each file is reported once, when it starts.</param>
internal sealed class TransferLine(TextWriter to, bool rewrites) : IProgress<TransferProgress>
{
    private string _file = "";
    private string _shown = "";

    /// <inheritdoc />
    public void Report(TransferProgress value)
    {
        var begins = value.Name != _file;
        _file = value.Name;
        if (!rewrites)
        {
            if (begins)
            {
                to.WriteLine($"fetching {value.Name}{(value.Total > 0 ? $", {Figures.Bytes(value.Total)}" : "")}");
            }

            return;
        }

        var share = value.Total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{(double)value.Done / value.Total:0%} of {Figures.Bytes(value.Total)}")
            : Figures.Bytes(value.Done);
        var (line, ends) = ($"fetching {value.Name}: {share}", value.Done == value.Total);
        if (line != _shown || ends)
        {
            to.Write($"\r{line.PadRight(_shown.Length)}{(ends ? "\n" : "")}");
        }

        _shown = ends ? "" : line;
    }
}
