using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>The memory that a run needs at least: weights, gradients and moments. Activations, which depend on the batch, come on top.</summary>
public static class MemoryNeeded
{
    // A trained parameter in fp32: weight, gradient and two moments.
    private const int BytesPerTrained = 16;
    private const int BytesPerFrozen = 4;

    /// <summary>Bytes for the teacher's weights.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="parameters">The teacher's number of parameters; null if its files are not read.</param>
    internal static Figure ForTeacher(RunSpec spec, long? parameters)
    {
        // As jobs load it: in bf16 on a card only.
        var bytes = spec.Training.Precision == Precision.Bf16 && spec.Compute.Device != ComputeDevice.Cpu ? 2 : 4;
        return parameters is { } count
            ? new Figure(count * bytes, "bytes", $"at least: the teacher's {count:N0} weights of {bytes} bytes each")
            : new Figure(0, "bytes", "not known: the teacher's files are not read");
    }

    /// <summary>Bytes for training the student, and for the teacher beside it if it runs online.</summary>
    internal static Figure ForTraining(RunSpec spec, StudentParameters student, Figure teacher)
    {
        if (spec.Merge is not null)
        {
            return new Figure(BytesPerFrozen * student.Total, "bytes", $"at least: {BytesPerFrozen} bytes a parameter; the run merges, and trains nothing");
        }

        var online = spec.Teacher.Mode == TeacherMode.Online;
        var exact = spec.Training.Quantize is null ? 0 : BytesPerFrozen * student.Trainable;
        var saved = SeveralGpus.SavedBytes(spec, student.Trainable);
        return new Figure(
            (BytesPerTrained * student.Trainable) - saved + exact + (BytesPerFrozen * student.Frozen) + (online ? teacher.Value : 0), "bytes",
            $"at least: {BytesPerTrained} bytes a trained parameter{(saved > 0 ? $" without the moments on other GPUs ({Gigabytes(saved)})" : "")}, {BytesPerFrozen} a frozen one{(exact > 0 ? $", {BytesPerFrozen} a trained one beside its rounded value" : "")}{(online ? ", and the teacher (online)" : "")}");
    }

    /// <summary>Throws if a run cannot fit into the memory of the machine that runs its jobs. A card, if there is one, counts unless
    /// <c>compute.device</c> is cpu.</summary>
    /// <exception cref="InvalidInputException">It cannot fit.</exception>
    public static void RequireFit(RunSpec spec, RunPlan plan, MachineMemory memory)
    {
        var (place, bytes) = (spec.Compute.Device, memory.CardBytes) switch
        {
            (ComputeDevice.Cuda, { } card) => ("the card", card),
            (ComputeDevice.Auto, { } card) when card > memory.HostBytes => ("the card", card),
            _ => ("this machine", memory.HostBytes),
        };
        foreach (var (field, figure) in new[] { (SpecPaths.Teacher, plan.TeacherMemory), (FieldPath.Parse("student"), plan.TrainingMemory) })
        {
            if (figure?.Value > bytes)
            {
                throw new InvalidInputException(FieldError.Of(
                    field, $"needs {Gigabytes(figure.Value)} of memory ({figure.From}), and {place} has {Gigabytes(bytes)}; expected a smaller model"));
            }
        }
    }

    private static string Gigabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e9:0.0} GB");
}
