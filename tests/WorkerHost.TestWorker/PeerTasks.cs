using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using WorkerHost.V1;

namespace WorkerHost.TestWorker;

/// <summary>Calls on other workers and on itself, by a process that started none of them.</summary>
internal static class PeerTasks
{
    public static void Map(WorkerApplication worker) =>

        // The status that the control service at this socket answers to us with.
        worker.MapTask("call_control", static async (string socketPath) =>
        {
            using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler { ConnectCallback = (_, token) => ConnectAsync(socketPath, token) },
            });
            try
            {
                await new WorkerControl.WorkerControlClient(channel).HelloAsync(new HelloRequest { MinProtocol = 1, MaxProtocol = 1 });
                return "OK";
            }
            catch (RpcException e)
            {
                return e.StatusCode.ToString();
            }
        });

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken token)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
