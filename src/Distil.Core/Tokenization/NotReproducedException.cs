namespace Distil.Core.Tokenization;

/// <summary>A part of a pattern means something in the reference that .NET's regular expressions cannot express, or that Distil does not translate.</summary>
/// <param name="reason">The rest of the sentence that begins with the pattern.</param>
internal sealed class NotReproducedException(string reason) : Exception(reason);
