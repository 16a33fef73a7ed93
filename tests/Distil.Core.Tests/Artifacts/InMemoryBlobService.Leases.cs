using System.Net;

namespace Distil.Core.Tests.Artifacts;

/// <content>Leases. See <see href="https://learn.microsoft.com/rest/api/storageservices/lease-blob"/>, its tables of outcomes by state.</content>
internal sealed partial class InMemoryBlobService
{
    private readonly Dictionary<string, (string Id, string State)> _leases = [];

    /// <summary>Somebody has a lease on a blob that this test cannot see.</summary>
    public void LeaseToStranger(string blob) => SetLease(blob, "leased");

    /// <summary>The lease of a blob runs out: its holder did not renew it.</summary>
    public void Expire(string blob) => SetLease(blob, "expired");

    /// <summary>All leases run out.</summary>
    public void ExpireAll()
    {
        lock (Blobs)
        {
            foreach (var blob in _leases.Keys.ToList())
            {
                SetLease(blob, "expired");
            }
        }
    }

    /// <summary>A blob has no lease.</summary>
    public void Forget(string blob)
    {
        lock (Blobs)
        {
            _leases.Remove(blob);
        }
    }

    private void SetLease(string blob, string state)
    {
        lock (Blobs)
        {
            _leases[blob] = (_leases.TryGetValue(blob, out var lease) ? lease.Id : Guid.NewGuid().ToString(), state);
        }
    }

    private string LeaseStateOf(string name) => _leases.TryGetValue(name, out var lease) ? lease.State : "available";

    private HttpResponseMessage? LeaseForbids(string name, HttpRequestMessage request)
    {
        var given = Header(request, "x-ms-lease-id");
        if (!_leases.TryGetValue(name, out var lease) || lease.State != "leased")
        {
            if (given is not null)
            {
                return Fail(HttpStatusCode.PreconditionFailed, lease.Id == given ? "LeaseLost" : "LeaseNotPresentWithBlobOperation");
            }

            _leases.Remove(name); // a write that needs no lease ends what is left of an old one
            return null;
        }

        return given == lease.Id ? null : Fail(HttpStatusCode.PreconditionFailed, given is null ? "LeaseIdMissing" : "LeaseIdMismatchWithBlobOperation");
    }

    private HttpResponseMessage ChangeLease(string name, HttpRequestMessage request)
    {
        if (!Blobs.TryGetValue(name, out var content))
        {
            return NotFound();
        }

        var action = Header(request, "x-ms-lease-action");
        var id = Header(request, "x-ms-lease-id") ?? Header(request, "x-ms-proposed-lease-id");
        var state = LeaseStateOf(name);
        var isHolder = _leases.TryGetValue(name, out var lease) && lease.Id == id;
        var (refusal, next) = action switch
        {
            "acquire" => (state == "leased" && !isHolder ? "LeaseAlreadyPresent" : null, "leased"),
            "renew" => (!isHolder ? "LeaseIdMismatchWithLeaseOperation" : state == "broken" ? "LeaseIsBrokenAndCannotBeRenewed" : null, "leased"),
            "release" => (isHolder ? null : "LeaseIdMismatchWithLeaseOperation", "available"),
            "break" => (state == "available" ? "LeaseNotPresentWithLeaseOperation" : null, "broken"),
            _ => throw new NotSupportedException($"lease action {action}"),
        };
        if (refusal is not null)
        {
            return Fail(HttpStatusCode.Conflict, refusal);
        }

        if (next == "available")
        {
            _leases.Remove(name);
        }
        else
        {
            _leases[name] = (action == "break" ? lease.Id : id!, next);
        }

        var response = Describe(
            Respond(action switch { "acquire" => HttpStatusCode.Created, "break" => HttpStatusCode.Accepted, _ => HttpStatusCode.OK }), content);
        response.Headers.Add("x-ms-lease-id", id);
        response.Headers.Add("x-ms-lease-time", "0");
        return response;
    }
}
