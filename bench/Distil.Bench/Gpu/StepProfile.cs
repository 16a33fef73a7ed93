using System.Diagnostics;
using System.Globalization;
using Distil.Trainer.Distillation;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>
/// A training step of the paper's student (D 1536, 12 heads, V 151,936) over random tokens and stored targets, whole and by parts, on CUDA in bfloat16.
/// </summary>
/// <param name="batch">B.</param>
/// <param name="length">S.</param>
/// <param name="blocks">Blocks; sLSTM at the even ones.</param>
/// <param name="only">Steps to run without timing the parts; 0 times them.</param>
/// <param name="autograd">Whether torch's autograd computes the backward pass through the blocks.</param>
internal sealed class StepProfile(int batch, int length, int blocks, int only, bool autograd)
{
    private const int WarmUp = 60, Repeats = 20;

    /// <summary>Runs the profile and returns its results, line by line.</summary>
    internal IEnumerable<string> Lines()
    {
        using var scope = NewDisposeScope();
        using var student = new PaperStudent(length, blocks, autograd ? Backend.For(CUDA).Without(Operation.Stack) : Backend.For(CUDA));
        var (config, model, optimizer) = (student.Config, student.Model, student.Optimizer);
        using var data = PaperStudent.Batch(batch, length);
        var ids = data.Parts[0].Rows.InputIds;
        yield return $"{XlstmParameter.Of(config).Sum(parameter => parameter.Count) / 1e6:0.0} M trainable, {batch} × {length} tokens";

        var tokens = batch * (long)length;
        for (var i = 0; i < only; i++)
        {
            Once(() => student.Step(data), null);
        }
        if (only > 0)
        {
            cuda.synchronize();
            yield break;
        }

        var whole = Wall(() => student.Step(data));
        yield return Line("training step, as it runs", whole) + $", {tokens / whole * 1000:N0} tokens/s";
        yield return $"GPU memory in use after it: {CudaRuntime.Card.MemoryInUse() / (double)(1 << 30):0.00} GiB";
        yield return Line("host time to issue a step", Issue(() => student.Step(data)));

        var hidden = randn([batch, length, PaperStudent.Width], ScalarType.BFloat16, CUDA);
        var x = randn([batch, length, PaperStudent.Width], ScalarType.Float32, CUDA).requires_grad_();
        var gradient = randn([batch, length, PaperStudent.Width], ScalarType.Float32, CUDA);
        yield return Line("forward, without gradient", Wall(() =>
        {
            using var frozen = no_grad();
            model.Forward(ids);
        }));
        yield return Line("blocks forward + backward", Wall(() => GradientScope.Backward(model.Forward(ids), hidden), Clear));
        yield return Line("host time to issue blocks forward", Issue(() => model.Forward(ids)));
        Tensor? result = null;
        yield return Line("host time to issue blocks backward", Issue(() => GradientScope.Backward(result!, hidden), () =>
        {
            Clear();
            result = model.Forward(ids);
        }));
        Clear();
        var head = new DistillationHead(model.Backend, model.HeadWeight.dtype);
        void Head() => head.Compute(hidden, model.HeadWeight, ids, null, data.Parts[0].Targets!.Outputs, new(0.1, 0.8, 2));
        yield return Line("head and loss", Wall(Head));
        yield return Line("host time to issue head and loss", Issue(Head));
        for (var block = 0; block < Math.Min(2, blocks); block++)
        {
            var which = block;
            yield return Line($"{(config.IsSlstm(block) ? "sLSTM" : "mLSTM")} block forward", Wall(() =>
            {
                using var frozen = no_grad();
                model.ForwardBlock(which, x);
            }));
            yield return Line($"{(config.IsSlstm(block) ? "sLSTM" : "mLSTM")} block forward + backward", Wall(
                () => GradientScope.Backward(model.ForwardBlock(which, x), gradient), Clear));
            Clear();
        }

        void Gradients()
        {
            foreach (var parameter in model.TrainableParameters)
            {
                parameter.Value.grad = zeros_like(parameter.Value).DetachFromDisposeScope();
            }
        }

        yield return Line("optimiser", Wall(() => optimizer.Step(1e-4, 1), Gradients));
        yield return Line("host time to issue the optimiser", Issue(() => optimizer.Step(1e-4, 1), Gradients));

        void Clear()
        {
            foreach (var parameter in model.TrainableParameters)
            {
                parameter.Value.grad = null;
            }
            x.grad = null;
        }
    }

    private static string Line(string what, double milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{what,-40} {milliseconds,9:0.00} ms");

    /// <summary>Mean milliseconds of one of several runs without waiting; for a part that needs preparation, the median, each run synchronised.</summary>
    private static double Wall(Action run, Action? prepare = null)
    {
        var start = Stopwatch.StartNew();
        for (var i = 0; i < WarmUp && (i < 5 || start.Elapsed.TotalSeconds < 2); i++)
        {
            Once(run, prepare);
        } // so many, for .NET compiles anew what runs often
        cuda.synchronize();
        if (prepare is null)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < Repeats; i++)
            {
                Once(run, null);
            }
            cuda.synchronize();
            return watch.Elapsed.TotalMilliseconds / Repeats;
        }

        var times = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            prepare();
            cuda.synchronize();
            var watch = Stopwatch.StartNew();
            Once(run, null);
            cuda.synchronize();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(Repeats / 2);
    }

    /// <summary>Median milliseconds until a call returns, with the GPU idle before it.</summary>
    private static double Issue(Action run, Action? prepare = null)
    {
        var times = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            using var pause = NoGcRegion.Begin();
            using var scope = NewDisposeScope();
            prepare?.Invoke();
            cuda.synchronize();
            var watch = Stopwatch.StartNew();
            Once(run, null);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(Repeats / 2);
    }

    private static void Once(Action run, Action? prepare)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        prepare?.Invoke();
        run();
    }
}
