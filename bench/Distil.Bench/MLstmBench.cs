using System.CommandLine;

namespace Distil.Bench;

internal static class MLstmBench
{
    internal static Command Create() => new("mlstm", "soon");
}
