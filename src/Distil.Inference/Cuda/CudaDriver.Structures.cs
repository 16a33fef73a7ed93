using System.Runtime.InteropServices;

namespace Distil.Inference.Cuda;

internal static unsafe partial class CudaDriver
{
    /// <summary><c>CUlaunchConfig</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LaunchConfiguration
    {
        internal uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
        internal nint Stream;
        internal LaunchAttribute* Attributes;
        internal uint AttributeCount;
    }

    /// <summary><c>CUlaunchAttribute</c>: an id, padding to 8 bytes, and a 64-byte union, of which a cluster uses three numbers.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    internal struct LaunchAttribute
    {
        [FieldOffset(0)]
        internal uint Id;

        [FieldOffset(8)]
        internal uint X;

        [FieldOffset(12)]
        internal uint Y;

        [FieldOffset(16)]
        internal uint Z;
    }
}
