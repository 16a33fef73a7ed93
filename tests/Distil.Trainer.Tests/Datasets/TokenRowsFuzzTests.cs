using System.Security.Cryptography;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets;

/// <summary>Damaged token files, with and without a checksum that matches.</summary>
public sealed class TokenRowsFuzzTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"distil-{Guid.NewGuid():n}.bin");
    private readonly byte[] _valid, _masked, _documents;

    public TokenRowsFuzzTests()
    {
        _valid = Write(RowsForm.Ids);
        _masked = Write(RowsForm.Masks);
        _documents = Write(RowsForm.Documents);
    }

    public void Dispose() => File.Delete(_path);

    [Fact]
    public Task Changed_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid), ReadAll);

    [Fact]
    public Task Changed_bytes_that_the_checksum_fits() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid).Select(Seal), ReadAll);

    [Fact]
    public Task Changed_bytes_of_masked_rows_that_the_checksum_fits() =>
        Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_masked).Select(Seal), ReadAll);

    [Fact]
    public Task Changed_bytes_of_rows_with_documents_that_the_checksum_fits() =>
        Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_documents).Select(Seal), ReadAll);

    private byte[] Write(RowsForm form)
    {
        using (var writer = new TokenRowsWriter(_path, 8, 100, form))
        {
            for (var row = 0; row < 4; row++)
            {
                if (form != RowsForm.Ids)
                {
                    writer.WriteRow(new LabelledTokens([1, 2, 3, row], [false, true, false, true], [true, false, true, false]));
                }
                else
                {
                    writer.WriteRow([1, 2, 3, 4, 5, 6, 7, row]);
                }
            }

            writer.Complete();
        }

        return File.ReadAllBytes(_path);
    }

    private static byte[] Seal(byte[] file)
    {
        if (file.Length < TokenRowsHeader.Bytes + SHA256.HashSizeInBytes)
        {
            return file;
        }

        var content = file[..^SHA256.HashSizeInBytes];
        return [.. content, .. SHA256.HashData([.. content[TokenRowsHeader.Bytes..], .. content[..TokenRowsHeader.Bytes]])];
    }

    private void ReadAll(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        using var rows = TokenRows.Open(_path);
        var ids = new long[rows.ContextLength];
        for (var row = 0L; row < rows.Rows; row++)
        {
            Assert.InRange(rows.ReadRow(row, ids), 0, ids.Length);
            if (rows.IsMasked)
            {
                rows.ReadMask(row, new bool[rows.ContextLength]);
            }

            if (rows.HasDocuments)
            {
                Assert.NotEmpty(rows.DocumentsOf(row));
            }
        }
    }
}
