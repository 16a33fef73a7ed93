namespace Distil.Inference.Cuda;

/// <summary>A compiled kernel.</summary>
internal sealed unsafe class CudaFunction
{
    /// <summary>Above this size, a function's shared memory must be set explicitly.</summary>
    private const int SharedWithoutAsking = 48 * 1024;

    private readonly string _name;
    private readonly nint _function;
    private readonly CudaCard _card;
    private int _allowedShared = SharedWithoutAsking;

    internal CudaFunction(string name, nint function, CudaCard card) => (_name, _function, _card) = (name, function, card);

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

    /// <summary>Launches the kernel without waiting.</summary>
    /// <param name="shape">The number of threads.</param>
    /// <param name="stream">The queue that it joins; 0 for the default one.</param>
    /// <param name="arguments">Eight bytes each, of which the driver reads as many as the parameter has: addresses, numbers, bits of floats.</param>
    /// <exception cref="CudaKernelException">The launch failed, or an earlier kernel did; the message names this one and its shape.</exception>
    internal void Launch(LaunchShape shape, nint stream, params ReadOnlySpan<long> arguments)
    {
        CudaDriver.Check(CudaDriver.ContextSetCurrent(_card.Context), _name);
        if (shape.SharedBytes > _allowedShared)
        {
            Allow(shape);
        }

        var pointers = stackalloc void*[arguments.Length];
        var attributes = stackalloc CudaDriver.LaunchAttribute[2];
        var count = 0u;
        if (shape.Cluster > 1)
        {
            attributes[count++] = new() { Id = CudaDriver.ClusterDimension, X = (uint)shape.Cluster, Y = 1, Z = 1 };
        }

        if (shape.Overlaps)
        {
            attributes[count++] = new() { Id = CudaDriver.ProgrammaticSerialization, X = 1 };
        }

        var configuration = new CudaDriver.LaunchConfiguration
        {
            GridX = (uint)shape.GridX, GridY = (uint)shape.GridY, GridZ = (uint)shape.GridZ,
            BlockX = (uint)shape.Threads, BlockY = 1, BlockZ = 1,
            SharedBytes = (uint)shape.SharedBytes, Stream = stream, Attributes = attributes, AttributeCount = count,
        };
        fixed (long* values = arguments)
        {
            for (var i = 0; i < arguments.Length; i++)
            {
                pointers[i] = values + i;
            }

            var result = CudaDriver.Launch(&configuration, _function, pointers, null);
            if (result != 0)
            {
                CudaDriver.Check(result, $"{_name}: launch of {shape}");
            } // the text is built only if needed: that takes longer than the launch
        }
    }

    private void Allow(LaunchShape shape)
    {
        if (shape.SharedBytes > _card.SharedBytes)
        {
            throw new CudaKernelException($"{_name}: launch of {shape}: a block of {_card.Name} has at most {_card.SharedBytes} bytes");
        }

        CudaDriver.Check(CudaDriver.FunctionSetAttribute(_function, CudaDriver.MaximumDynamicShared, shape.SharedBytes), $"{_name}: {shape}");
        _allowedShared = shape.SharedBytes;
    }
}
