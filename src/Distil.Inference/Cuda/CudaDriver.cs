using System.Runtime.InteropServices;

namespace Distil.Inference.Cuda;

/// <summary>The functions of NVIDIA's driver for launching kernels and waiting for them (CUDA Driver API reference).</summary>
internal static unsafe partial class CudaDriver
{
    /// <value>The driver's library; it comes with the driver, not with CUDA's toolkit.</value>
    private const string Library = "libcuda.so.1";

    /// <summary><c>CUdevice_attribute</c> values.</summary>
    internal const int Multiprocessors = 16, CapabilityMajor = 75, CapabilityMinor = 76, SharedMemoryOptIn = 97;

    /// <summary><c>CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES</c>, and attributes that describe the compiled code.</summary>
    internal const int MaximumDynamicShared = 8, LocalBytes = 3, Registers = 4;

    /// <summary><c>CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION</c>.</summary>
    internal const uint ClusterDimension = 4;

    /// <summary><c>CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION</c>: a kernel may begin before the one in front of it has ended.</summary>
    internal const uint ProgrammaticSerialization = 6;

    /// <summary><c>CU_EVENT_DISABLE_TIMING</c>.</summary>
    internal const uint EventWithoutTime = 2;

    /// <exception cref="CudaKernelException">The call failed; the message names <paramref name="what"/> and contains CUDA's own text.</exception>
    internal static void Check(int result, string what)
    {
        if (result == 0)
        {
            return;
        }

        var words = GetErrorString(result, out var text) == 0 ? Marshal.PtrToStringUTF8(text) : "unknown error";
        throw new CudaKernelException($"{what}: CUDA error {result} ({words})");
    }

    [LibraryImport(Library, EntryPoint = "cuInit")]
    internal static partial int Initialize(uint flags);

    [LibraryImport(Library, EntryPoint = "cuGetErrorString")]
    internal static partial int GetErrorString(int error, out nint text);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    internal static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    internal static partial int DeviceGetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    internal static partial int DeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetPCIBusId")]
    internal static partial int DeviceGetPciBusId(byte* busId, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    internal static partial int DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    internal static partial int PrimaryContextRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuCtxSetCurrent")]
    internal static partial int ContextSetCurrent(nint context);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadData")]
    internal static partial int ModuleLoadData(out nint module, byte* image);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    internal static partial int FunctionSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuFuncGetAttribute")]
    internal static partial int FunctionGetAttribute(out int value, int attribute, nint function);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernelEx")]
    internal static partial int Launch(LaunchConfiguration* configuration, nint function, void** arguments, void** extra);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    internal static partial int MemoryInformation(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    internal static partial int EventCreate(out nint created, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    internal static partial int EventRecord(nint recorded, nint stream);

    [LibraryImport(Library, EntryPoint = "cuEventSynchronize")]
    internal static partial int EventSynchronize(nint awaited);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    internal static partial int EventDestroy(nint destroyed);

    /// <summary>Memory that is not pinned is copied to a buffer before the call returns if it is as small as a table: nothing waits.</summary>
    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    internal static partial int CopyToDevice(nint to, void* from, nuint bytes, nint stream);
}
