using System.Reflection;

namespace Distil.Core;

/// <summary>A record of which some fields do not apply in some states; <see cref="DistilJson"/> leaves those out.</summary>
public interface IPartlyWritten
{
    /// <summary>Whether a field applies and is written.</summary>
    /// <param name="field">The property.</param>
    bool Writes(MemberInfo field);
}
