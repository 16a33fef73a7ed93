using System.Globalization;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>The structures of a Parquet file's footer and of its pages' headers: the types of their fields by id.</summary>
/// <remarks>Source: <c>parquet.thrift</c> of apache/parquet-format, from <c>FileMetaData</c> and <c>PageHeader</c> downwards.</remarks>
internal static class ParquetStructures
{
    // Each line: the structure, then its fields from id 1; "-" stands for an id that is not used.
    private const string Source = """
        FileMetaData i32 [SchemaElement] i64 [RowGroup] [KeyValue] binary [Choice] EncryptionAlgorithm binary
        SchemaElement i32 i32 i32 binary i32 i32 i32 i32 i32 LogicalType
        LogicalType Empty Empty Empty Empty Decimal Empty Time Time - Integer Empty Empty Empty Empty Empty Variant Geometry Geography
        Decimal i32 i32
        Time bool Choice
        Choice Empty Empty Empty
        Integer i8 bool
        Variant i8
        Geometry binary
        Geography binary i32
        Empty
        RowGroup [ColumnChunk] i64 i64 [SortingColumn] i64 i64 i16
        SortingColumn i32 bool bool
        ColumnChunk binary i64 ColumnMetaData i64 i32 i64 i32 ColumnCryptoMetaData binary
        ColumnMetaData i32 [i32] [binary] i32 i64 i64 i64 [KeyValue] i64 i64 i64 Statistics [PageEncodingStats] i64 i32 SizeStatistics GeospatialStatistics
        KeyValue binary binary
        Statistics binary binary i64 i64 binary binary bool bool
        PageEncodingStats i32 i32 i32
        SizeStatistics i64 [i64] [i64]
        GeospatialStatistics BoundingBox [i32]
        BoundingBox double double double double double double double double
        ColumnCryptoMetaData Empty EncryptionWithColumnKey
        EncryptionWithColumnKey [binary] binary
        EncryptionAlgorithm AesGcm AesGcm
        AesGcm binary binary bool
        PageHeader i32 i32 i32 i32 DataPageHeader Empty DictionaryPageHeader DataPageHeaderV2
        DataPageHeader i32 i32 i32 i32 Statistics
        DictionaryPageHeader i32 i32 bool
        DataPageHeaderV2 i32 i32 i32 i32 i32 i32 bool Statistics
        """;

    /// <value>The expected type of each field, by structure and id: a name of a type, of a structure, or <c>[of elements]</c>.</value>
    internal static IReadOnlyDictionary<string, IReadOnlyDictionary<short, string>> All { get; } =
        Source.Split('\n').Select(line => line.Split(' ')).ToDictionary(
            words => words[0],
            words => (IReadOnlyDictionary<short, string>)words.Index().Skip(1).Where(field => field.Item != "-")
                .ToDictionary(field => Convert.ToInt16(field.Index, CultureInfo.InvariantCulture), field => field.Item));
}
