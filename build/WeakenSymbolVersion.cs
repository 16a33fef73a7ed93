using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;

/// <summary>
/// Lets a native library load where the system's libstdc++ lacks a symbol version that the library names but uses nothing from:
/// marks that need as weak in the output's own copy. Does nothing if the system has the version, unless the output is for other systems.
/// </summary>
/// <remarks>ELF-64, little endian (System V ABI; LSB core specification, "Symbol Versioning").</remarks>
public sealed class WeakenSymbolVersion : Microsoft.Build.Utilities.Task
{
    private const int SectionTypeVersionNeed = 0x6ffffffe;
    private const ushort WeakFlag = 0x2;

    private static readonly string[] Folders = { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib" };

    /// <summary>The library to mend, in the build output.</summary>
    [Required]
    public string Library { get; set; } = "";

    /// <summary>The version that may be missing, for instance GLIBCXX_3.4.32.</summary>
    [Required]
    public string SymbolVersion { get; set; } = "";

    /// <summary>Whether the output is published, for systems that may lack the version even if this one has it.</summary>
    public bool ForOtherSystems { get; set; }

    /// <inheritdoc />
    public override bool Execute()
    {
        var system = Array.Find(Array.ConvertAll(Folders, folder => Path.Combine(folder, "libstdc++.so.6")), File.Exists);
        if (!ForOtherSystems && system != null && Names(File.ReadAllBytes(system), SymbolVersion))
        {
            return true;
        }

        var image = File.ReadAllBytes(Library);
        if (Weaken(image, SymbolVersion) == 0)
        {
            return true;
        }

        // The copy may be a hard link into the package cache: write beside it and replace, never in place.
        var mended = Library + ".mended";
        File.WriteAllBytes(mended, image);
        File.Delete(Library);
        File.Move(mended, Library);
        Log.LogMessage(MessageImportance.Normal, "{0}: its need of {1} is now weak.", Library, SymbolVersion);
        return true;
    }

    /// <summary>Marks every need of a version as weak.</summary>
    /// <returns>How many needs changed: 0 where none is there or all are weak already.</returns>
    public static int Weaken(byte[] image, string version)
    {
        if (image.Length < 64 || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F' || image[4] != 2 || image[5] != 1)
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        var sections = (long)BitConverter.ToUInt64(image, 40);
        var sectionSize = BitConverter.ToUInt16(image, 58);
        var sectionCount = BitConverter.ToUInt16(image, 60);
        var changed = 0;
        for (var i = 0; i < sectionCount; i++)
        {
            var section = checked((int)(sections + (long)i * sectionSize));
            if (BitConverter.ToInt32(image, section + 4) != SectionTypeVersionNeed)
            {
                continue;
            }

            var strings = StringTable(image, checked((int)(sections + (long)BitConverter.ToUInt32(image, section + 40) * sectionSize)));
            var need = checked((int)BitConverter.ToUInt64(image, section + 24));
            var needs = BitConverter.ToUInt32(image, section + 44);
            for (var n = 0; n < needs; n++)
            {
                changed += WeakenAuxiliaries(image, need, strings, version);
                need += BitConverter.ToInt32(image, need + 12);
            }
        }

        return changed;
    }

    private static int WeakenAuxiliaries(byte[] image, int need, int strings, string version)
    {
        var changed = 0;
        var auxiliary = need + BitConverter.ToInt32(image, need + 8);
        for (var count = BitConverter.ToUInt16(image, need + 2); count > 0; count--)
        {
            var flags = BitConverter.ToUInt16(image, auxiliary + 4);
            if (TextAt(image, strings + BitConverter.ToInt32(image, auxiliary + 8)) == version && (flags & WeakFlag) == 0)
            {
                BitConverter.GetBytes((ushort)(flags | WeakFlag)).CopyTo(image, auxiliary + 4);
                changed++;
            }

            auxiliary += BitConverter.ToInt32(image, auxiliary + 12);
        }

        return changed;
    }

    private static int StringTable(byte[] image, int section) => checked((int)BitConverter.ToUInt64(image, section + 24));

    private static string TextAt(byte[] image, int start) => Encoding.ASCII.GetString(image, start, Array.IndexOf(image, (byte)0, start) - start);

    private static bool Names(byte[] image, string version) =>
        Encoding.GetEncoding("iso-8859-1").GetString(image).IndexOf("\0" + version + "\0", StringComparison.Ordinal) >= 0;
}
