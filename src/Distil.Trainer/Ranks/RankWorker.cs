using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;
using TorchSharp;

namespace Distil.Trainer.Ranks;

/// <summary>A process of a group other than process 0: it does one work after another until its input ends.</summary>
internal static class RankWorker
{
    /// <param name="input">Messages from process 0.</param>
    /// <param name="output">Messages to it.</param>
    /// <param name="work">Does a work: its content, the group, and what takes its output.</param>
    /// <param name="failureOf">Classifies an exception of <paramref name="work"/>.</param>
    /// <returns>The exit code.</returns>
    internal static int Run(Stream input, Stream output, Action<byte[], IRankGroup, Action<ReadOnlyMemory<byte>>> work, Func<Exception, JobFailure> failureOf)
    {
        // Process 0 decides when the job ends; a signal to all processes must not end this one before the checkpoint.
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        if (RankMessages.Read(input) is not (RankMessages.Kind.Place, { } content))
        {
            return 1;
        }

        try
        {
            var place = JsonSerializer.Deserialize<RankPlace>(content, DistilJson.Options)!;
            if (place.NcclId is not null)
            {
                Nccl.Require();
                using var started = torch.zeros(1, device: torch.CUDA); // a GPU that cannot be used is said before the others wait for this process
            }

            using var works = new BlockingCollection<byte[]>();
            new Thread(() => Listen(input, works)) { IsBackground = true, Name = "input" }.Start();
            RankMessages.Write(output, RankMessages.Kind.Ready, []);
            using var group = place.Join(new RankWatch());
            foreach (var next in works.GetConsumingEnumerable())
            {
                work(next, group, part => RankMessages.Write(output, RankMessages.Kind.Output, part.Span));
                RankMessages.Write(output, RankMessages.Kind.Done, []);
            }

            return 0;
        }
        catch (Exception error)
        {
            var kind = error is NcclException ? RankMessages.Kind.SumFailure : RankMessages.Kind.Failure;
            RankMessages.Write(output, kind, JsonSerializer.SerializeToUtf8Bytes(failureOf(error), DistilJson.Options));
            return 1;
        }
    }

    private static void Listen(Stream input, BlockingCollection<byte[]> works)
    {
        while (RankMessages.Read(input) is (RankMessages.Kind.Work, { } content))
        {
            works.Add(content);
        }

        Process.GetCurrentProcess().Kill(); // process 0 has ended; a GPU that waits for it cannot be woken
    }
}
