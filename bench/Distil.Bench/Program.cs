using System.CommandLine;
using Distil.Bench;

return new RootCommand("Measures Distil's kernels: medians on this machine.")
{
    GpuBench.Create(),
    HeadBench.Create(),
    SLstmBench.Create(),
    StepBench.Create(),
    MLstmBench.Create(),
    TableCommand.Create(),
}.Parse(args).Invoke();
