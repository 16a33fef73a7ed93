using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Inference.CudaEngines;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using TorchSharp;

namespace Distil.Trainer.Generation;

/// <summary>A model to generate texts with: a student runs in the engine; in torch, a student whose kernels cannot run on the GPU, and
/// everything else.</summary>
internal sealed class OpenedTextModel : IDisposable
{
    private readonly IDisposable _owner;

    private OpenedTextModel(ITextModel model, IDisposable owner) => (Model, _owner) = (model, owner);

    /// <value>The model.</value>
    internal ITextModel Model { get; }

    /// <value>What was read of its folder; null if the model does not say.</value>
    internal ModelReading? Reading { get; private init; }

    /// <summary>Opens a model's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="on">Where it runs.</param>
    /// <param name="options">How the engine computes.</param>
    /// <exception cref="InvalidInputException">The model cannot be used, or the options ask the engine for what torch computes.</exception>
    internal static OpenedTextModel Open(string folder, ComputeDevice on, EngineOptions options)
    {
        var isStudent = StudentEngine.Runs(folder);
        // Torch is slow to load: it is not asked for a device if the CPU is named.
        if (isStudent && (on == ComputeDevice.Cpu || TorchDevice.Of(on).type == DeviceType.CPU))
        {
            var engine = StudentEngine.Open(folder, options);
            return new(engine, engine) { Reading = engine.Reading };
        }

        if (options.Weights != new EngineOptions().Weights)
        {
            throw new InvalidInputException($"--weights is {options.Weights}; expected a student on the CPU: other models run in the precision of their files");
        }

        var reason = CudaStudent.UnavailableReason(folder) ?? CudaRuntime.UnavailableReason;
        if (isStudent && reason is null)
        {
            var student = CudaStudent.Open(folder, CudaRuntime.Platform);
            return new(student, student) { Reading = student.Reading };
        }

        if (isStudent)
        {
            KernelSettings.Log.StudentRunsInTorch(reason!);
        }

        var model = LanguageModelLoader.Load(folder, TorchDevice.Of(on));
        return new(new TorchTextModel(model), model) { Reading = model.Reading };
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();
}
