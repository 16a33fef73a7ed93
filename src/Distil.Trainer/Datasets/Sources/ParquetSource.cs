using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>A Parquet file, of which the row groups that begin in a range are read.</summary>
/// <remarks>The library reads the schema and the row groups when they are first asked for, and nothing before it has been checked.</remarks>
internal sealed class ParquetSource : IDisposable
{
    // Rows that repeat a text take a fraction of a byte each.
    private const int AlwaysAllowedRows = 1 << 20, MaxRowsPerByte = 64;

    private readonly SourceRange _range;
    private readonly Stream _file;
    private readonly ParquetReader _reader;

    /// <param name="open">Opens files.</param>
    /// <param name="range">The range.</param>
    /// <exception cref="InvalidInputException">The file is damaged or no Parquet file.</exception>
    internal ParquetSource(SourceOpener open, SourceRange range)
    {
        _range = range;
        _file = open.Open(range) switch { FileStream local => local, var remote => new KeptChunk(remote) };
        try
        {
            RequireParquet();
            _reader = Try(OpenAsync);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <value>The schema.</value>
    internal ParquetSchema Schema => Try(() => Task.FromResult(_reader.Schema));

    /// <value>The file's bytes. Its position is changed by whoever reads.</value>
    internal Stream Bytes => _file;

    /// <summary>Returns the row groups that begin in the range.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    internal IEnumerable<ParquetGroup> Groups()
    {
        long row = 0;
        for (var group = 0; group < _reader.RowGroupCount; group++)
        {
            var rows = Try(() => Task.FromResult(OpenGroup(group)));
            var start = Try(() => Task.FromResult(StartOf(rows)));
            if (start >= _range.Start && start < _range.End)
            {
                var read = start + (rows.RowGroup.TotalCompressedSize ?? 0) - _range.Start;
                yield return new(group, rows, row, Math.Min(read, _range.End - _range.Start));
            }

            row += rows.RowCount;
        }
    }

    /// <summary>Checks the pages of a column before the library reads them; of a remote file it is then in memory.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    internal void Check(ColumnMetaData column)
    {
        (_file as KeptChunk)?.Keep(ParquetPages.StartOf(column), column.TotalCompressedSize);
        ParquetPages.Check(_file, column, MaxRows);
    }

    /// <summary>Reads, and names the file in an error.</summary>
    internal T Try<T>(Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (OperationCanceledException or HttpRequestException or OutOfMemoryException or InvalidInputException))
        {
            throw new InvalidInputException($"{_range.Name}: cannot be read as Parquet: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file.Dispose();
    }

    private long MaxRows => Math.Max(AlwaysAllowedRows, _file.Length * MaxRowsPerByte);

    private void RequireParquet()
    {
        var first = new byte[FileContent.SignatureBytes];
        FileContent.RequireStored(_range.Name, first.AsSpan(0, _file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)), DatasetFormat.Parquet);
        _file.Position = 0;
    }

    private Task<ParquetReader> OpenAsync()
    {
        ParquetFooter.Check(_file);
        _file.Position = 0;
        return ParquetReader.CreateAsync(new FiniteStream(_file));
    }

    /// <summary>Opens a row group whose stated number of rows its file can hold: room for them is reserved before they are read.</summary>
    private ParquetRowGroupReader OpenGroup(int group)
    {
        var rows = _reader.OpenRowGroupReader(group);
        return rows.RowCount >= 0 && rows.RowCount <= MaxRows
            ? rows
            : throw new InvalidDataException($"row group {group} states {rows.RowCount} rows in a file of {_file.Length} bytes");
    }

    /// <summary>The first byte of a row group's first page.</summary>
    private static long StartOf(ParquetRowGroupReader rows) => rows.RowGroup.Columns
        .Select(chunk => chunk.MetaData)
        .Min(data => data is null ? 0 : ParquetPages.StartOf(data));
}

/// <summary>A row group of a Parquet file.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="FirstRow">Number of rows before it in the file.</param>
/// <param name="Read">Bytes of the range up to its end.</param>
internal sealed record ParquetGroup(int Index, ParquetRowGroupReader Rows, long FirstRow, long Read);
