using System.CommandLine;
using Distil.Bench;
using Distil.Bench.Serving;

return new RootCommand("Measures Distil on this machine.")
{
    HeadBench.Create(),
    SLstmBench.Create(),
    MLstmBench.Create(),
    ServeBench.Create(),
}.Parse(args).Invoke();
