using System.Runtime.InteropServices;

namespace Distil.Inference.Cuda;

/// <summary>Memory, queues of work (streams), and work that is recorded once and launched as a whole (graphs).</summary>
internal static unsafe partial class CudaDriver
{
    /// <summary><c>CU_STREAM_NON_BLOCKING</c>: does not wait for the default stream.</summary>
    internal const uint StreamNonBlocking = 1;

    /// <summary><c>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL</c>: calls of other threads are not restricted.</summary>
    internal const int CaptureThisThread = 1;

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    internal static partial int MemoryAllocate(out long address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    internal static partial int MemoryFree(long address);

    [LibraryImport(Library, EntryPoint = "cuMemsetD8Async")]
    internal static partial int MemorySet(long address, byte value, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoD_v2")]
    internal static partial int CopyToDevice(long to, void* from, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    internal static partial int CopyToHost(void* to, long from, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    internal static partial int CopyOnDevice(long to, long from, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemAllocHost_v2")]
    internal static partial int HostAllocate(out void* memory, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFreeHost")]
    internal static partial int HostFree(void* memory);

    [LibraryImport(Library, EntryPoint = "cuStreamCreate")]
    internal static partial int StreamCreate(out nint stream, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamSynchronize")]
    internal static partial int StreamSynchronize(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    internal static partial int StreamDestroy(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    internal static partial int StreamBeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    internal static partial int StreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    internal static partial int GraphInstantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    internal static partial int GraphLaunch(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    internal static partial int GraphDestroy(nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    internal static partial int GraphExecutableDestroy(nint executable);
}
