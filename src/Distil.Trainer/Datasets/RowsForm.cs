namespace Distil.Trainer.Datasets;

/// <summary>What the rows of a token-rows file consist of; its version.</summary>
public enum RowsForm
{
    /// <summary>Ids; all of them count in the losses.</summary>
    Ids = 1,

    /// <summary>Ids, and a mask that says which of them count.</summary>
    Masks = 2,

    /// <summary>Ids with a mask, and where the row's documents begin, which models read apart from each other.</summary>
    Documents = 3,
}
