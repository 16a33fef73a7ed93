namespace Distil.Trainer.Kernels.Launching;

/// <summary>A compiled kernel. Launches go to the default stream, in order with torch's own work.</summary>
internal sealed unsafe class CudaKernel
{
    /// <summary>Above this size, a function's shared memory must be set explicitly.</summary>
    private const int SharedWithoutAsking = 48 * 1024;

    private readonly string _name;
    private readonly nint _function;
    private readonly CudaCard _card;
    private int _allowedShared = SharedWithoutAsking;

    internal CudaKernel(string name, nint function, CudaCard card) => (_name, _function, _card) = (name, function, card);

    /// <summary>The compiler's use of resources, for reports: registers per thread, and bytes per thread spilt to local memory.</summary>
    internal (int Registers, int LocalBytes) Resources
    {
        get
        {
            CudaDriver.Check(CudaDriver.FunctionGetAttribute(out var registers, CudaDriver.Registers, _function), _name);
            CudaDriver.Check(CudaDriver.FunctionGetAttribute(out var local, CudaDriver.LocalBytes, _function), _name);
            return (registers, local);
        }
    }

    /// <summary>Launches the kernel without waiting. Tensors among the arguments must live until a later torch operation or the end of the stream's
    /// work.</summary>
    /// <exception cref="CudaKernelException">The launch failed, or an earlier kernel did; the message names this one and its shape.</exception>
    internal void Launch(LaunchShape shape, params ReadOnlySpan<KernelArgument> arguments)
    {
        CudaDriver.Check(CudaDriver.ContextSetCurrent(_card.Context), _name);
        if (shape.SharedBytes > _allowedShared)
        {
            if (shape.SharedBytes > _card.SharedBytes)
            {
                throw new CudaKernelException($"{_name}: launch of {shape}: a block of {_card.Name} has at most {_card.SharedBytes} bytes");
            }

            CudaDriver.Check(CudaDriver.FunctionSetAttribute(_function, CudaDriver.MaximumDynamicShared, shape.SharedBytes), $"{_name}: {shape}");
            _allowedShared = shape.SharedBytes;
        }

        var values = stackalloc long[arguments.Length];
        var pointers = stackalloc void*[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i].Bits;
            pointers[i] = values + i;
        }

        var cluster = new CudaDriver.LaunchAttribute { Id = CudaDriver.ClusterDimension, X = (uint)shape.Cluster, Y = 1, Z = 1 };
        var configuration = new CudaDriver.LaunchConfiguration
        {
            GridX = (uint)shape.GridX, GridY = (uint)shape.GridY, GridZ = (uint)shape.GridZ,
            BlockX = (uint)shape.Threads, BlockY = 1, BlockZ = 1,
            SharedBytes = (uint)shape.SharedBytes,
            Attributes = &cluster, AttributeCount = shape.Cluster > 1 ? 1u : 0u,
        };
        var result = CudaDriver.Launch(&configuration, _function, pointers, null);
        if (result != 0)
        {
            CudaDriver.Check(result, $"{_name}: launch of {shape}");
        } // the text is built only if needed: that takes longer than the launch
    }
}
