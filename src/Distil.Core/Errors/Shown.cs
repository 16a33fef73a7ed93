namespace Distil.Core.Errors;

/// <summary>Users' values in messages.</summary>
public static class Shown
{
    /// <summary>A value, cut if it is long, so that a message remains readable.</summary>
    /// <param name="text">The value.</param>
    /// <param name="most">Maximum number of its characters, ≥ 0.</param>
    public static string Short(string text, int most = 60) => text.Length > most ? text[..most] + "…" : text;
}
