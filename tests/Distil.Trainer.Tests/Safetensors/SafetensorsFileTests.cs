using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Fuzzing;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private static byte[] Bytes(string header, int dataBytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[dataBytes]];
    }

    private string MessageFor(byte[] content)
    {
        var path = PathOf("bad.safetensors");
        File.WriteAllBytes(path, content);
        var message = Assert.Throws<InvalidInputException>(() => SafetensorsFile.Open(path)).Message;
        Assert.StartsWith(path, message);
        return message;
    }

    [Fact]
    public void Every_element_type_comes_back_as_it_was_written()
    {
        ScalarType[] types =
        [
            ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
            ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
        ];
        var written = types.ToDictionary(type => type.ToString(), type => tensor(new long[] { 0, 1, 1, 0, 1, 0 }).reshape(2, 3).to(type));
        written["scalar"] = tensor(2.5f);
        written["empty"] = zeros(0, 4);

        SafetensorsWriter.Write(PathOf("a.safetensors"), written);

        using var file = SafetensorsFile.Open(PathOf("a.safetensors"));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(written.Count, file.Entries.Count);
        foreach (var (name, tensor) in written)
        {
            Assert.Equal(tensor.dtype, file.Entries[name].Dtype.ToTorch());
            Assert.Equal(tensor.shape, file.Read(name).shape);
            Assert.True(file.Read(name).equal(tensor).all().item<bool>(), name);
        }

        Assert.Equal(ScalarType.Float32, file.Read("BFloat16", ScalarType.Float32).dtype);
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void Values_of_a_transposed_view_are_written_in_its_own_order()
    {
        var view = arange(6, ScalarType.Float32).reshape(2, 3).t();
        SafetensorsWriter.Write(PathOf("a.safetensors"), [new("view", view)]);
        using var file = SafetensorsFile.Open(PathOf("a.safetensors"));
        Assert.True(file.Read("view").equal(view).all().item<bool>());
    }

    [Fact]
    public void Data_starts_at_a_multiple_of_eight_bytes()
    {
        SafetensorsWriter.Write(PathOf("a.safetensors"), [new("x", ones(3))]);
        Assert.Equal(0ul, BitConverter.ToUInt64(File.ReadAllBytes(PathOf("a.safetensors"))) % 8);
    }

    [Fact]
    public void Two_tensors_of_one_name_leave_no_file()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(PathOf("a.safetensors"), [new("x", ones(3)), new("x", ones(3))]));
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void Reads_what_Python_wrote()
    {
        using var file = SafetensorsFile.Open("Golden/qwen3-tiny/case.safetensors");
        using var ids = file.Read("input_ids");
        Assert.Equal([2, 29], ids.shape);
        Assert.InRange(ids.max().item<long>(), 1, 130);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        Assert.Contains("nowhere.safetensors: no such file", Assert.Throws<InvalidInputException>(() => SafetensorsFile.Open("nowhere.safetensors")).Message);
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using var file = SafetensorsFile.Open("Golden/qwen3-tiny/case.safetensors");
        Assert.Contains("has no tensor nothing", Assert.Throws<InvalidInputException>(() => file.Read("nothing")).Message);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 12, "cut off")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 20, "of which the header describes 16")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlap")]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}""", 16, "12 bytes, but has 16 bytes")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}""", 16, "too many bytes")]
    [InlineData("""{"x":{"dtype":"F12","shape":[4],"data_offsets":[0,16]}}""", 16, "dtype F12; expected one of F64")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", 16, "shape[0] is no size")]
    [InlineData("""{"x":{"dtype":"F32","shape":4,"data_offsets":[0,16]}}""", 16, "no array shape")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", 16, "begin ≤ end")]
    [InlineData("""{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "names x twice")]
    [InlineData("""["x"]""", 0, "not a JSON object")]
    [InlineData("""{"x":""", 0, "not valid JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "not valid JSON")]
    public void A_bad_header_is_explained(string header, int dataBytes, string expected) => Assert.Contains(expected, MessageFor(Bytes(header, dataBytes)));

    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(3000)]
    public void A_file_cut_off_anywhere_is_refused(int length)
    {
        MessageFor(File.ReadAllBytes("Golden/qwen3-tiny/case.safetensors")[..length]);
    }

    [Fact]
    public void A_header_longer_than_the_file_is_refused() => Assert.Contains("cut off", MessageFor([0, 0, 0, 0, 0, 0, 0, 0x80, (byte)'{', (byte)'}']));

    [Fact]
    public void Arbitrary_bytes_end_in_an_input_error()
    {
        Gen.Byte.Array[0, 64].Each(bytes => MessageFor(bytes), count: 300);
    }

    [Fact]
    public void A_valid_file_with_any_header_byte_changed_opens_or_is_an_input_error()
    {
        var valid = Bytes("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"I16","shape":[2,1],"data_offsets":[8,12]}}""", 12);
        var path = PathOf("changed.safetensors");
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Each((at, value) =>
        {
            var changed = valid.ToArray();
            changed[at] = value;
            File.WriteAllBytes(path, changed);
            try
            {
                using var file = SafetensorsFile.Open(path);
                foreach (var (name, entry) in file.Entries)
                {
                    Assert.Equal(entry.Shape, file.Read(name).shape);
                }
            }
            catch (InvalidInputException)
            {
                // The claim allows it.
            }
        }, count: 1000);
    }
}
