using System.Net;

namespace Distil.Azure.ResourceManager;

/// <summary>Azure Resource Manager refused a request, or failed on every try.</summary>
/// <param name="status">Status of the last response; null if there was none.</param>
/// <param name="message">Names the request, and the service's error code and message.</param>
/// <param name="cause">Why there was no response.</param>
public sealed class ResourceManagerException(HttpStatusCode? status, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <value>Status of the last response; null if there was none.</value>
    public HttpStatusCode? Status => status;

    /// <value>Whether the service may have executed the request nevertheless: there was no response, or one that does not say.</value>
    public bool MayHaveBeenDone => status is null or HttpStatusCode.RequestTimeout || (int)status >= 500;
}
