using System.CommandLine;
using Distil.Bench;

return new RootCommand("Measures Distil's kernels: medians on this machine.")
{
    HeadBench.Create(),
    SLstmBench.Create(),
    MLstmBench.Create(),
}.Parse(args).Invoke();
