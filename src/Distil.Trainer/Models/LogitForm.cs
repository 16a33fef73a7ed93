using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>How a model's logits follow from the products with its head: c · tanh(product / divisor / c), or product / divisor.</summary>
/// <param name="Divisor">The divisor; 1 for none.</param>
/// <param name="Cap">c; null for no cap.</param>
public readonly record struct LogitForm(double Divisor, double? Cap)
{
    /// <value>Logits that are the products.</value>
    public static LogitForm Plain => new(1, null);

    /// <summary>Turns the products into logits, in place.</summary>
    /// <param name="products">Of any shape and type.</param>
    /// <returns><paramref name="products"/>.</returns>
    public Tensor ApplyIn(Tensor products)
    {
        if (Divisor != 1)
        {
            products.div_(Divisor);
        }

        return Cap is { } cap ? products.div_(cap).tanh_().mul_(cap) : products;
    }
}
