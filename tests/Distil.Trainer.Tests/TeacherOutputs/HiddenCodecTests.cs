using Distil.Core.Specification;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class HiddenCodecTests
{
    [Theory]
    [InlineData(HiddenForm.Fp16, 1536, 3072)]
    [InlineData(HiddenForm.Int8, 1536, 1584)]
    [InlineData(HiddenForm.Int4, 1536, 816)]
    [InlineData(HiddenForm.Int8, 67, 71)]
    [InlineData(HiddenForm.Int4, 67, 38)]
    [InlineData(HiddenForm.Int4, 0, 0)]
    public void A_position_has_the_bytes_of_its_codes_and_scales(HiddenForm form, int width, int bytes) => Assert.Equal(bytes, new HiddenCodec(form, width).Bytes);

    [Theory]
    [InlineData(HiddenForm.Int8, -127, 127)]
    [InlineData(HiddenForm.Int4, -8, 7)]
    public void A_number_becomes_the_nearest_multiple_of_its_groups_scale(HiddenForm form, int least, int most)
    {
        const int Width = 200, Positions = 5; // the fourth group has 8 numbers
        var random = new Random(4);
        var states = Enumerable.Range(0, Positions * Width).Select(i => (Half)((i / 64 % 3 == 0 ? 300 : 0.01) * (random.NextDouble() - 0.5))).ToArray();
        states[3] = (Half)60000;                                          // one far away, as teachers have them
        states.AsSpan(64, 64).Clear();                                    // a group of zeros
        var read = RoundTrip(form, Width, states);
        for (var position = 0; position < Positions; position++)
        {
            for (var start = 0; start < Width; start += 64)
            {
                var (from, to) = (position * Width + start, position * Width + Math.Min(start + 64, Width));
                var farthest = (float)states[from..to].MaxBy(Half.Abs);
                var scale = (float)(Half)(form == HiddenForm.Int8 ? Math.Abs(farthest) / 127 : farthest / -8);
                for (var i = from; i < to; i++)
                {
                    var nearest = Enumerable.Range(least, most - least + 1).Select(code => code * scale).MinBy(value => Math.Abs(value - (float)states[i]));
                    // Two multiples may be equally near, and a value read is a float16.
                    Assert.Equal(Math.Abs(nearest - (float)states[i]), Math.Abs((float)read[i] - (float)states[i]), 0.002 * Math.Abs(nearest) + 1e-7);
                }
            }
        }

        Assert.Equal(60000, (double)read[3], 100.0);
        Assert.All(read[64..128], value => Assert.Equal(0, (float)value));
    }

    [Theory]
    [InlineData(HiddenForm.Int8, 0.01)]
    [InlineData(HiddenForm.Int4, 0.13)]
    public void The_error_of_usual_states_is_small(HiddenForm form, double relative)
    {
        var random = new Random(9);
        var states = Enumerable.Range(0, 1536).Select(_ => (Half)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))).ToArray();
        var read = RoundTrip(form, 1536, states);
        var error = Math.Sqrt(states.Zip(read, (own, stored) => Math.Pow((double)own - (double)stored, 2)).Sum() / states.Sum(own => Math.Pow((double)own, 2)));
        Assert.InRange(error, relative / 3, relative);
    }

    [Theory]
    [InlineData(HiddenForm.Int8)]
    [InlineData(HiddenForm.Int4)]
    public void The_smallest_and_the_largest_numbers_survive(HiddenForm form)
    {
        Assert.All(RoundTrip(form, 3, [Half.Epsilon, -Half.Epsilon, Half.Zero]), value => Assert.Equal(0, (float)value, 1e-6));
        Assert.Equal([Half.MinValue, Half.Zero], RoundTrip(form, 2, [Half.MinValue, Half.Zero]));
    }

    [Fact]
    public void A_scale_that_no_writer_wrote_is_refused()
    {
        var codec = new HiddenCodec(HiddenForm.Int4, 2);
        Assert.Equal(
            "a mean hidden state has the scale NaN",
            Assert.Throws<InvalidDataException>(() => codec.Decode([0x00, 0x7E, 0x88], new Half[2])).Message);
    }

    private static Half[] RoundTrip(HiddenForm form, int width, Half[] states)
    {
        var codec = new HiddenCodec(form, width);
        var bytes = new byte[states.Length / width * codec.Bytes];
        codec.Encode(states, bytes);
        var read = new Half[states.Length];
        codec.Decode(bytes, read);
        return read;
    }
}
