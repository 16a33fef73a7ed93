using System.Diagnostics;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Teaching a shard on several GPUs, as a teach job does it.</summary>
internal static class SharedTeaching
{
    /// <returns>Tokens a second, of the teacher's pass to the written file.</returns>
    internal static double Speed(GpuShare share)
    {
        using var teacher = PaperTeacher.Create();
        var folder = Directory.CreateTempSubdirectory("distil-bench-").FullName;
        try
        {
            using var read = StoreFigures.Tokens(folder, teacher);
            var header = TeacherOutputsHeader.For(StoreFigures.Settings, read.ContextLength, teacher.VocabularySize, teacher.HiddenSize);
            StoreFigures.Make(read, teacher, 20).Dispose(); // compiles, allocates
            if (share.Ranks.Rank > 0)
            {
                share.Ranks.Sum(ones(1, device: CUDA)); // both begin at once
                TaughtRows.Send(
                    read, new TeacherExtractor(teacher, StoreFigures.Settings), new RowEncoder(header), StoreFigures.Batch, CUDA, share.Ranks, share.Send);
                return 0;
            }

            using var writer = new TeacherOutputsWriter(Path.Combine(folder, "outputs.bin"), header);
            share.Ranks.Sum(ones(1, device: CUDA));
            cuda.synchronize();
            var began = Stopwatch.GetTimestamp();
            TaughtRows.Store(
                read, new TeacherExtractor(teacher, StoreFigures.Settings), writer, StoreFigures.Batch, CUDA, _ => { }, share.Others);
            writer.Complete();
            return read.Tokens / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
