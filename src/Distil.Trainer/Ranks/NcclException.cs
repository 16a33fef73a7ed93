using System.Runtime.InteropServices;

namespace Distil.Trainer.Ranks;

/// <summary>A call of NCCL failed. If another process of the group has ended, that is the cause, and this a consequence.</summary>
public sealed class NcclException(string message) : ExternalException(message);
