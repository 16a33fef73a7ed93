namespace Distil.Core.Specification;

/// <summary>How a hidden state of the teacher is stored.</summary>
public enum HiddenForm
{
    /// <summary>16 bits a number.</summary>
    Fp16,

    /// <summary>8 bits a number, with a scale of 16 bits for every 64.</summary>
    Int8,

    /// <summary>4 bits a number, with a scale of 16 bits for every 64.</summary>
    Int4,
}

/// <summary>Sizes of the forms.</summary>
public static class HiddenForms
{
    /// <value>Numbers with a scale of their own; the last group of a state may have fewer.</value>
    public const int Group = 64;

    extension(HiddenForm form)
    {
        /// <value>Bits of a number, without scales.</value>
        public int Bits => form switch { HiddenForm.Int4 => 4, HiddenForm.Int8 => 8, _ => 16 };

        /// <summary>Bytes of a state.</summary>
        /// <param name="width">D, ≥ 0.</param>
        public int BytesOf(int width) => checked((int)((((long)width * form.Bits) + 7) / 8)) + (form == HiddenForm.Fp16 ? 0 : 2 * ((width + Group - 1) / Group));
    }
}
