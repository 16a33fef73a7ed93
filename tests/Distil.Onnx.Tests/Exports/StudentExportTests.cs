using System.Globalization;
using System.Text.RegularExpressions;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Models;
using Distil.Inference.Tests.Engines;
using Distil.Onnx.Exports;

namespace Distil.Onnx.Tests.Exports;

public sealed class StudentExportTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-export-");

    private string Output => Path.Combine(_folder.FullName, "out");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Each_target_and_form_is_a_folder_with_what_travels_with_the_student()
    {
        var student = Cases.Folder("xlstm");
        File.WriteAllText(Path.Combine(student, "LICENSE"), "as you like");
        File.WriteAllText(Path.Combine(student, "README.md"), "---\nlibrary_name: transformers\n---\n# tales\n");
        Export(student, ExportPart.Parse("hf,onnx", "bf16,int4"));
        Assert.Equal(["hf-bf16", "onnx-bf16", "onnx-int4"], new DirectoryInfo(Output).EnumerateDirectories().Select(folder => folder.Name).Order());
        foreach (var folder in Directory.EnumerateDirectories(Output))
        {
            Assert.Equal("as you like", File.ReadAllText(Path.Combine(folder, "LICENSE")));
            Assert.Contains("# tales", File.ReadAllText(Path.Combine(folder, "README.md")), StringComparison.Ordinal);
        }

        Assert.Contains("library_name: onnxruntime", File.ReadAllText(Path.Combine(Output, "onnx-int4", "README.md")), StringComparison.Ordinal);
        Assert.Contains("library_name: transformers", File.ReadAllText(Path.Combine(Output, "hf-bf16", "README.md")), StringComparison.Ordinal);
        using var session = new Session(Path.Combine(Output, "onnx-bf16"));
        Assert.Equal(203, session.Read([1, 2]).Length);
    }

    [Theory]
    [InlineData("xlstm")]
    [InlineData("linearised, kept attention")]
    public void A_hugging_face_folder_is_the_same_student(string name)
    {
        var student = Cases.Folder(name);
        Export(student, ExportPart.Parse("hf", "fp32,bf16"));
        Assert.Equal(Logits(student), Logits(Path.Combine(Output, "hf-fp32")));
        Assert.Contains("\"bfloat16\"", File.ReadAllText(Path.Combine(Output, "hf-bf16", "config.json")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Output, "hf-bf16", "mlstm_cell.py")));
        Assert.Equal(["BF16"], Reading(Path.Combine(Output, "hf-bf16")).Tensors.Keys);
    }

    [Fact]
    public void Folders_of_earlier_versions_are_written_with_current_names_and_their_own_layout()
    {
        var student = Cases.Folder("xlstm");
        using (var current = WeightFolder.Open(student))
        {
            WeightFolderOutput.Write(Path.Combine(student, "old"), [.. current.Stored.ByName.Values.Select(tensor => new TensorToWrite(
                tensor.Name == "lm_head.weight" ? "maybe_lm_head.weight" : tensor.Name.Replace("xlstm.backbone", "backbone", StringComparison.Ordinal),
                tensor.Entry.Dtype, tensor.Entry.Shape, output => Copy(current, tensor, output)))], long.MaxValue);
        }

        File.Move(Path.Combine(student, "old", "model.safetensors"), Path.Combine(student, "model.safetensors"), overwrite: true);
        var config = Path.Combine(student, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"distil_xlstm\"", "\"xlstm\"", StringComparison.Ordinal));
        Export(student, ExportPart.Parse("hf", "fp32"));
        var written = Path.Combine(Output, "hf-fp32");
        Assert.Equal(Logits(student), Logits(written));
        using var weights = WeightFolder.Open(written);
        Assert.All(weights.Stored.ByName.Keys, name => Assert.True(name.StartsWith("xlstm.", StringComparison.Ordinal) || name == "lm_head.weight", name));
        Assert.Contains(XlstmConfigFile.ModelType, File.ReadAllText(Path.Combine(written, "config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Measured_bytes_are_those_that_are_written()
    {
        var student = Cases.Folder("linearised, whole blocks");
        foreach (var form in Enum.GetValues<WeightForm>())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, $"{form}"));
            OnnxStudent.Write(student, form, folder.FullName);
            var written = folder.EnumerateFiles().Sum(file => file.Length);
            Assert.InRange(OnnxStudent.Measure(student, form), written - 64 * 300, written); // without what aligns a weight
        }
    }

    [Fact]
    public void The_papers_student_with_a_tied_head_takes_less_than_a_third_of_its_bfloat16_folder_in_int4()
    {
        var config = new XlstmConfig
        {
            VocabularySize = 151_936, ContextLength = 512, Blocks = 6, Width = 1536, SlstmAt = [0, 2], MlstmHeads = 12, SlstmHeads = 12,
            FeedForwardProjFactor = 1.7, TieWeights = true,
        };
        var student = _folder.FullName;
        XlstmConfigFile.Write(config, student, WeightStorage.Of(bfloat16: true));
        // A file of zeros, which takes no space.
        WeightFolderOutput.Write(student, [.. RandomStudent.Tensors(config).Select(tensor => new TensorToWrite(
            tensor.Name, SafetensorsDtype.Of("BF16"), tensor.Shape, output => output.SetLength(output.Position += 2 * tensor.Shape.Aggregate(1L, (a, b) => a * b))))],
            long.MaxValue);
        Assert.InRange(OnnxStudent.Measure(student, WeightForm.Int4) / (double)BytesOf(student), 0.3, 0.33);
    }

    [Theory]
    [InlineData("onnx,torch", "fp32", "--to is onnx,torch: \"torch\" is none of hf, onnx, genai")]
    [InlineData("onnx", "fp16", "--weights is fp16: \"fp16\" is none of fp32, bf16, int8, int4")]
    [InlineData("onnx", "", "--weights is : \"\" is none of fp32, bf16, int8, int4")]
    [InlineData("onnx,hf", "int8,int4", "--weights is int8,int4; a Hugging Face folder (--to hf) has weights in fp32 or bf16")]
    public void Targets_and_forms_that_do_not_exist_are_refused(string to, string weights, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidInputException>(() => ExportPart.Parse(to, weights)).Message);

    [Fact]
    public void What_cannot_be_exported_is_refused_before_anything_is_written()
    {
        var student = Cases.Folder("xlstm");
        Refused(Path.Combine(_folder.FullName, "none"), "no such folder");
        Assert.False(Directory.Exists(Output));
        File.WriteAllText(Output, "");
        Refused(student, "out, a file; expected a folder");
        File.Delete(Output);
        Directory.CreateDirectory(Path.Combine(Output, "onnx-fp32"));
        Refused(student, "onnx-fp32 exists already");
        Directory.Delete(Output, recursive: true);
        File.WriteAllText(Path.Combine(student, "config.json"), """{ "model_type": "gpt2" }""");
        Refused(student, "its config.json is not that of a student");
    }

    [Theory]
    [InlineData("onnx", "fp32")]
    [InlineData("hf,onnx", "bf16,int4")]
    public void A_disk_with_too_little_space_is_refused_and_one_with_enough_is_not(string to, string weights)
    {
        var student = Cases.Folder("linearised, whole blocks");
        File.WriteAllBytes(Path.Combine(student, "tokenizer.json"), new byte[10_000_000]); // more than the reserve
        var parts = ExportPart.Parse(to, weights);
        var export = new StudentExport(student, Output, parts);
        var message = Assert.Throws<InvalidInputException>(() => export.Check(_ => 0, isMeasured: false)).Message;
        var needed = long.Parse(Regex.Match(message, "and ([0-9,]+) are needed").Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        Assert.Throws<InvalidInputException>(() => export.Check(_ => needed - 1, isMeasured: false));
        Assert.Throws<InvalidInputException>(() => export.Check(_ => needed, isMeasured: true));
        export.Check(_ => needed, isMeasured: false);
        Assert.InRange(parts.Sum(part => export.Write(part, null).Bytes), needed - (2 << 20), needed);
    }

    [Theory]
    [InlineData("xlstm")]
    [InlineData("linearised")]
    public void A_student_without_one_of_its_tensors_is_refused_for_every_target(string name)
    {
        var student = Cases.Folder(name);
        string missing;
        using (var weights = WeightFolder.Open(student))
        {
            var tensors = weights.Stored.ByName.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
            missing = tensors[^1].Name;
            WeightFolderOutput.Write(Path.Combine(student, "new"), [.. tensors.SkipLast(1).Select(tensor => new TensorToWrite(
                tensor.Name, tensor.Entry.Dtype, tensor.Entry.Shape, output => Copy(weights, tensor, output)))], long.MaxValue);
        }

        File.Move(Path.Combine(student, "new", "model.safetensors"), Path.Combine(student, "model.safetensors"), overwrite: true);
        foreach (var part in ExportPart.Parse("hf,onnx", "fp32"))
        {
            var export = new StudentExport(student, Output, [part]);
            Assert.Contains(missing, Assert.Throws<InvalidInputException>(() => export.Check(_ => long.MaxValue, isMeasured: false)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_student_leaves_nothing_behind()
    {
        var student = Cases.Folder("xlstm");
        var weights = Path.Combine(student, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        BitConverter.TryWriteBytes(bytes.AsSpan(^8), float.NaN); // found when the last weights are read
        File.WriteAllBytes(weights, bytes);
        var export = new StudentExport(student, Output, ExportPart.Parse("hf,onnx", "bf16"));
        foreach (var part in ExportPart.Parse("hf,onnx", "bf16"))
        {
            Assert.Contains("is NaN; expected finite numbers", Assert.Throws<InvalidInputException>(() => export.Write(part, null)).Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Output));
    }

    private void Refused(string student, string message, long free = long.MaxValue) => Assert.Contains(
        message,
        Assert.Throws<InvalidInputException>(
            () => new StudentExport(student, Output, ExportPart.Parse("onnx", "fp32")).Check(_ => free, isMeasured: true)).Message,
        StringComparison.Ordinal);

    private void Export(string student, IReadOnlyList<ExportPart> parts)
    {
        var export = new StudentExport(student, Output, parts);
        export.Check(_ => long.MaxValue, isMeasured: false);
        foreach (var part in parts)
        {
            var (folder, bytes) = export.Write(part, null);
            Assert.Equal(bytes, BytesOf(folder));
        }
    }

    private static void Copy(WeightFolder folder, StoredTensor tensor, Stream output)
    {
        var bytes = new byte[tensor.Entry.End - tensor.Entry.Begin];
        folder.FileOf(tensor.Name).Seek(tensor.Name, out _).ReadExactly(bytes);
        output.Write(bytes);
    }

    private static long BytesOf(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);

    private static Core.Models.Folders.ModelReading Reading(string folder)
    {
        using var engine = StudentEngine.Open(folder);
        return engine.Reading;
    }

    private static float[] Logits(string folder)
    {
        using var engine = StudentEngine.Open(folder, new() { Threads = 1 });
        using var state = engine.NewState();
        engine.Run([.. Enumerable.Range(0, 20).Select(token => new StudentInput(state, token, true))]);
        return engine.Logits(19).ToArray();
    }
}
