using System.CommandLine;
using Distil.Bench;

return new RootCommand("Measures Distil's kernels and its engine: medians on this machine.")
{
    EngineBench.Create(),
    GpuBench.Create(),
    HeadBench.Create(),
    SLstmBench.Create(),
    StepBench.Create(),
    MLstmBench.Create(),
    TableCommand.Create(),
}.Parse(args).Invoke();
