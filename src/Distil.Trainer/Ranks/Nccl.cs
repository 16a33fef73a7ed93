using System.Reflection;
using System.Runtime.InteropServices;
using Distil.Core.Errors;

namespace Distil.Trainer.Ranks;

/// <summary>NVIDIA's library of sums over GPUs, as its header nccl.h declares it (version 2).</summary>
internal static unsafe partial class Nccl
{
    /// <summary>Bytes of a <see cref="UniqueId"/>.</summary>
    internal const int UniqueIdBytes = 128;

    private const string Library = "nccl";

    // Beside torch's own library: its Linux builds need libnccl.so.2, and then it is loaded already; others contain it.
    private static readonly string[] Names = ["libnccl.so.2", "libnccl.so", "libtorch_cuda.so"];

    private static readonly Lazy<IntPtr> Loaded = new(Load);

    static Nccl() => NativeLibrary.SetDllImportResolver(
        Assembly.GetExecutingAssembly(), (name, _, _) => name == Library ? Loaded.Value : IntPtr.Zero);

    /// <summary>ncclDataType_t.</summary>
    internal enum DataType
    {
        Float32 = 7,
        Float64 = 8,
        BFloat16 = 9,
    }

    /// <summary>Throws if the library is missing.</summary>
    /// <exception cref="InvalidInputException">It is missing.</exception>
    internal static void Require() => _ = Loaded.Value;

    /// <summary>Throws if a call failed.</summary>
    /// <exception cref="NcclException">It failed; the message is NCCL's.</exception>
    internal static void Check(int result, string what)
    {
        if (result != 0)
        {
            throw new NcclException($"NCCL: {what}: {Marshal.PtrToStringUTF8((IntPtr)GetErrorString(result))}");
        }
    }

    [LibraryImport(Library, EntryPoint = "ncclGetUniqueId")]
    internal static partial int GetUniqueId(UniqueId* id);

    [LibraryImport(Library, EntryPoint = "ncclCommInitRank")]
    internal static partial int CommInitRank(IntPtr* communicator, int count, UniqueId id, int rank);

    [LibraryImport(Library, EntryPoint = "ncclGroupStart")]
    internal static partial int GroupStart();

    [LibraryImport(Library, EntryPoint = "ncclGroupEnd")]
    internal static partial int GroupEnd();

    [LibraryImport(Library, EntryPoint = "ncclAllReduce")]
    internal static partial int AllReduce(IntPtr from, IntPtr to, nuint count, DataType type, int operation, IntPtr communicator, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "ncclReduce")]
    internal static partial int Reduce(IntPtr from, IntPtr to, nuint count, DataType type, int operation, int root, IntPtr communicator, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "ncclBroadcast")]
    internal static partial int Broadcast(IntPtr from, IntPtr to, nuint count, DataType type, int root, IntPtr communicator, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "ncclCommAbort")]
    internal static partial int CommAbort(IntPtr communicator);

    [LibraryImport(Library, EntryPoint = "ncclGetErrorString")]
    private static partial byte* GetErrorString(int result);

    private static IntPtr Load()
    {
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out var handle) && NativeLibrary.TryGetExport(handle, "ncclCommInitRank", out _))
            {
                return handle;
            }
        }

        throw new InvalidInputException(
            "compute.gpusPerWorker: NCCL is missing; expected libnccl.so.2, as PyTorch's packages bring it, on the library path (LD_LIBRARY_PATH), or gpusPerWorker 1");
    }

    /// <summary>ncclUniqueId: the address at which the processes of a group find each other.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UniqueId
    {
        internal fixed byte Bytes[UniqueIdBytes];
    }
}
