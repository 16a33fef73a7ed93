using System.CommandLine;
using Distil.Bench;
using Distil.Bench.Decoding;
using Distil.Bench.Gpu;
using Distil.Bench.Serving;
using Distil.Core.Logging;
using Distil.Core.Settings;
using Distil.Trainer.Kernels;

KernelSettings.Use(SettingsReader.Read<TrainerSettings>(Environment.GetEnvironmentVariable), new TextLogger(Console.Error));
return new RootCommand("Measures Distil on this machine.")
{
    EngineBench.Create(),
    CurveCommand.Create(),
    DecodeBench.Create(),
    GpuBench.Create(),
    HeadBench.Create(),
    LinearisedCommand.Create(),
    SamplerBench.Create(),
    MemoryBench.Create(),
    SLstmBench.Create(),
    StepBench.Create(),
    ThreadsBench.Create(),
    ThreadsBench.CreateBusy(),
    ThreadsBench.CreateTraining(),
    MLstmBench.Create(),
    EndpointBench.Create(),
    ServeBench.Create(),
    CancelBench.Create(),
    StandInTrainer.Create(),
    ProfileCommand.Create(),
    SeveralGpus.Create(),
    SeveralGpus.CreateWorker(),
    StorageBench.Create(),
    StoreBench.Create(),
    StoredTrainingBench.Create(),
    TableCommand.Create(),
}.Parse(args).Invoke();
