import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;

/** mongo-java-server as of MongoDB 5.0, which the driver asks for: `java -cp 'lib/*' Main.java memory PORT`. */
public class Main {
  record Version(List<Integer> getVersionArray, int getWireVersion) implements MongoVersion {}

  static class Backend extends MemoryBackend {
    @Override
    public Document handleMessage(MongoMessage message) {
      if (!message.getDocument().containsKey("hello")) return super.handleMessage(message);
      Document answer = handleCommand(message.getChannel(), "admin", "ismaster", new Document("ismaster", 1));
      return answer.append("isWritablePrimary", true);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Backend backend = new Backend();
    backend.version(new Version(List.of(5, 0, 0), 13));
    MongoServer server = new MongoServer(backend);
    server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
    System.out.println("mongodb://127.0.0.1:" + server.getLocalAddress().getPort() + "/?retryWrites=false");
    // Ends with whoever started it.
    System.in.read();
    server.shutdownNow();
  }
}
