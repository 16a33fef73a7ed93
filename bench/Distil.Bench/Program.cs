using System.CommandLine;
using Distil.Bench;
using Distil.Bench.Serving;

return new RootCommand("Measures Distil on this machine.")
{
    EngineBench.Create(),
    GpuBench.Create(),
    HeadBench.Create(),
    SLstmBench.Create(),
    StepBench.Create(),
    MLstmBench.Create(),
    ServeBench.Create(),
    CancelBench.Create(),
    StandInTrainer.Create(),
    StoreBench.Create(),
    TableCommand.Create(),
}.Parse(args).Invoke();
