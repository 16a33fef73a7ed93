using System.CommandLine;
using Distil.Bench;

return new RootCommand("Measures Distil's kernels: medians on this machine.")
{
    SLstmBench.Create(),
    MLstmBench.Create(),
}.Parse(args).Invoke();
