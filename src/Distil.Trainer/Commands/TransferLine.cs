using System.Globalization;
using Distil.Core.Http;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Commands;

/// <summary>Shows what a command fetches: a line a file, which a terminal sees grow.</summary>
/// <param name="to">Where.</param>
/// <param name="rewrites">Whether a line can be written over; else each file is told once, when it begins.</param>
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

        var share = value.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $"{(double)value.Done / value.Total:0%} of {Figures.Bytes(value.Total)}") : Figures.Bytes(value.Done);
        var (line, ends) = ($"fetching {value.Name}: {share}", value.Done == value.Total);
        if (line != _shown || ends)
        {
            to.Write($"\r{line.PadRight(_shown.Length)}{(ends ? "\n" : "")}");
        }

        _shown = ends ? "" : line;
    }
}
