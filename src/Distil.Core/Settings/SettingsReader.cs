using System.Reflection;

namespace Distil.Core.Settings;

/// <summary>Reads a record of settings from the environment; each program does so once, when it starts.</summary>
public static class SettingsReader
{
    /// <summary>Reads the settings of a record and of the records in it.</summary>
    /// <typeparam name="T">A record whose properties are texts with a <see cref="VariableAttribute"/>, or such records.</typeparam>
    /// <param name="variable">Returns the value of an environment variable. An empty one counts as not set.</param>
    public static T Read<T>(Func<string, string?> variable)
        where T : new() => (T)Read(typeof(T), variable);

    private static object Read(Type type, Func<string, string?> variable)
    {
        var settings = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(property => property.CanWrite))
        {
            property.SetValue(settings, property.GetCustomAttribute<VariableAttribute>() is { } found
                ? found.Names.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value))
                : Read(property.PropertyType, variable));
        }

        return settings;
    }
}
