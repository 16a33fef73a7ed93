using System.Net;

namespace Distil.Azure.ResourceManager;

/// <summary>Azure Resource Manager refused a request, or went on failing.</summary>
/// <param name="status">Its last answer's status; null where there was none.</param>
/// <param name="message">Names the request and the service's own code and words.</param>
/// <param name="cause">Why there was no answer.</param>
public sealed class ResourceManagerException(HttpStatusCode? status, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <value>The last answer's status; null where there was none.</value>
    public HttpStatusCode? Status => status;

    /// <value>Whether the request may have been obeyed all the same: no answer came, or one that says nothing of it.</value>
    public bool MayHaveBeenDone => status is null or HttpStatusCode.RequestTimeout || (int)status >= 500;
}
