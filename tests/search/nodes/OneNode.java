import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.transport.Netty4Plugin;
import org.opensearch.transport.TransportService;

/**
 * One OpenSearch node on free loopback ports: its folder, and the transport address of a node to join, if any.
 *
 * Says its addresses, HTTP and transport, once it is up, and ends when its standard input does: with who started it.
 */
final class OneNode {
    public static void main(String[] words) throws Exception {
        boolean joins = words.length > 1;
        Settings.Builder settings = Settings.builder()
            .put("path.home", words[0])
            .put("cluster.name", "archivist-tests")
            .put("node.name", Path.of(words[0]).getFileName().toString())
            .put("network.host", "127.0.0.1")
            .put("http.port", "0")
            .put("transport.port", "0")
            // A test may leave a disk as full as it is.
            .put("cluster.routing.allocation.disk.threshold_enabled", false);
        if (joins) {
            // The loss of it leaves the cluster its manager.
            settings.putList("node.roles", "data").putList("discovery.seed_hosts", words[1]);
        } else {
            settings.putList("node.roles", "cluster_manager", "data").put("discovery.type", "zen");
            settings.putList("discovery.seed_hosts", List.of());
            settings.putList("cluster.initial_cluster_manager_nodes", Path.of(words[0]).getFileName().toString());
        }
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "node");
        var node = new OpenSearchRunnerNode(environment, List.of(CommonAnalysisPlugin.class, Netty4Plugin.class));
        node.start();
        var http = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress();
        var transport = node.injector().getInstance(TransportService.class).boundAddress().publishAddress();
        System.out.println("up " + http + " " + transport);
        waitForTheEndOfInput();
        Runtime.getRuntime().halt(0);
    }

    private static void waitForTheEndOfInput() throws IOException {
        while (System.in.read() >= 0) {
        }
    }
}
