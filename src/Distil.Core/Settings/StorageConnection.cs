using Distil.Core.Errors;

namespace Distil.Core.Settings;

/// <summary>Uses the connection string of a storage account.</summary>
internal static class StorageConnection
{
    /// <summary>Creates a client.</summary>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="create">Creates it.</param>
    /// <exception cref="InvalidInputException">The connection string cannot be read; the message does not contain it.</exception>
    public static T Open<T>(string connectionString, Func<string, T> create)
    {
        try
        {
            return create(connectionString);
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidInputException($"{SourceSettings.ConnectionVariable} cannot be read: {wrong.Message}", wrong);
        }
    }
}
