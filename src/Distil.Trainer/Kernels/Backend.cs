using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>Which kernels a model may use. The model asks once, when it is built, for the form of each of its operations.</summary>
public sealed class Backend
{
    private readonly DeviceType _device;
    private readonly string? _unavailableReason;
    private readonly IReadOnlyList<Operation> _without;

    private Backend(DeviceType device, string? unavailableReason, params IReadOnlyList<Operation> without) =>
        (_device, _unavailableReason, _without) = (device, unavailableReason, without);

    /// <summary>All kernels that can run on a device of this machine.</summary>
    public static Backend For(Device device) => new(device.type, device.type == DeviceType.CUDA ? CudaRuntime.UnavailableReason : CudaRuntime.SwitchedOff);

    /// <summary>No kernel: plain tensor operations for all.</summary>
    internal static Backend Plain(Device device) => new(device.type, "kernels were not asked for");

    /// <summary>This backend with the plain form of some operations.</summary>
    internal Backend Without(params IReadOnlyList<Operation> operations) => new(_device, _unavailableReason, [.. _without, .. operations]);

    /// <summary>Chooses an operation's form: the kernel for this device and element type if it is available, else the plain form.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="type">Element type that it computes in.</param>
    /// <param name="plain">The plain form.</param>
    /// <param name="kernels">The kernels, for all devices and types.</param>
    internal Choice<T> Choose<T>(Operation operation, ScalarType type, T plain, params ReadOnlySpan<Candidate<T>> kernels)
    {
        foreach (var kernel in kernels)
        {
            if (kernel.Kernel.Form == OwnForm && kernel.Kernel.Supports(type))
            {
                var reason = _unavailableReason ?? (_without.Contains(operation) ? "its kernel was not asked for" : kernel.UnavailableReason?.Invoke());
                return reason is null
                    ? new(kernel.Run, new(operation.Name, NameOf(OwnForm)))
                    : new(plain, new(operation.Name, NameOf(Form.Plain), $"{reason}; {kernel.Kernel.CostOfPlain}"));
            }
        }

        return new(plain, new(operation.Name, NameOf(Form.Plain)));
    }

    /// <summary>A form's name in reports.</summary>
    internal static string NameOf(Form form) => form switch
    {
        Form.Cpu => "cpu",
        Form.Cuda => "cuda",
        _ => "plain",
    };

    private Form OwnForm => _device switch
    {
        DeviceType.CPU => Form.Cpu,
        DeviceType.CUDA => Form.Cuda,
        _ => Form.Plain,
    };
}
