namespace Distil.Inference.Cuda;

/// <summary>The NVIDIA GPUs of this machine.</summary>
public static class CudaGpus
{
    /// <summary>Number of GPUs that this process sees; 0 without a driver.</summary>
    public static int Count()
    {
        try
        {
            return CudaDriver.Initialize(0) == 0 && CudaDriver.DeviceGetCount(out var count) == 0 ? count : 0;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }
}
